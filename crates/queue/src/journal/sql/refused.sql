UPDATE entry SET refused = value ->> 1 FROM json_each(?1) WHERE seq = value ->> 0
