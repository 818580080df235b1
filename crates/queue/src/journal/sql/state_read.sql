SELECT kind, id, body FROM state
