-- Room on each page for what is written to its cards next. While somebody holds a snapshot open nothing on a page can be
-- cleared away; a card's next version then goes to another page, and that, unlike one on the same page, is a new entry in
-- every index, each of which must first look at all the card's dead versions to know that it is the only one.
ALTER TABLE alarm SET (fillfactor = 30);
