-- Names are no part of the board.
DELETE FROM state WHERE kind <> 'unit'
