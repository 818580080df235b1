-- Names, and who was heard when, are no part of the board.
DELETE FROM state WHERE kind IN ('alarm', 'alias')
