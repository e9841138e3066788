-- What was written, to search in. VACUUM gives rows new numbers, so each message has one of its own here.
CREATE TABLE message_numbers (
  number INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL UNIQUE REFERENCES messages (id),
  ticket_id TEXT NOT NULL -- of the message, which is found in several places otherwise
);
CREATE VIRTUAL TABLE message_words USING fts5(
  subject, body, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2", detail=none);
INSERT INTO message_numbers (message_id, ticket_id) SELECT id, ticket_id FROM messages ORDER BY stored_at, id;
INSERT INTO message_words (rowid, subject, body)
SELECT n.number, m.subject, substr(coalesce(m.visible, m.text, ''), 1, 20000)
FROM message_numbers n JOIN messages m ON m.id = n.message_id;
-- By itself FTS5 puts its parts together with every 64th message, megabytes at once; so each transaction does a little of
-- it (sqlite.ts).
INSERT INTO message_words (message_words, rank) VALUES ('automerge', 0);
CREATE TRIGGER message_words_add AFTER INSERT ON messages BEGIN
  INSERT INTO message_numbers (message_id, ticket_id) VALUES (new.id, new.ticket_id);
  INSERT INTO message_words (rowid, subject, body)
  VALUES (last_insert_rowid(), new.subject, substr(coalesce(new.visible, new.text, ''), 1, 20000));
END;
CREATE TRIGGER message_words_change AFTER UPDATE OF text, visible, subject ON messages BEGIN
  DELETE FROM message_words WHERE rowid = (SELECT number FROM message_numbers WHERE message_id = old.id);
  INSERT INTO message_words (rowid, subject, body)
  SELECT number, new.subject, substr(coalesce(new.visible, new.text, ''), 1, 20000)
  FROM message_numbers WHERE message_id = new.id;
END;
CREATE TRIGGER message_words_remove BEFORE DELETE ON messages BEGIN
  DELETE FROM message_words WHERE rowid = (SELECT number FROM message_numbers WHERE message_id = old.id);
  DELETE FROM message_numbers WHERE message_id = old.id;
END;

-- Names and addresses of people, to find any part of them that has three letters.
CREATE TABLE person_numbers (
  number INTEGER PRIMARY KEY,
  person_id TEXT NOT NULL UNIQUE REFERENCES people (id)
);
CREATE VIRTUAL TABLE person_parts USING fts5(parts, content='', contentless_delete=1, tokenize="trigram");
CREATE VIEW person_texts AS
SELECT n.number, p.id AS person_id,
       p.name || char(10) || (
         SELECT coalesce(group_concat(address, char(10)), '') FROM identities WHERE person_id = p.id) AS parts
FROM person_numbers n JOIN people p ON p.id = n.person_id;
INSERT INTO person_numbers (person_id) SELECT id FROM people ORDER BY created_at, id;
INSERT INTO person_parts (rowid, parts) SELECT number, parts FROM person_texts;
CREATE TRIGGER person_parts_add AFTER INSERT ON identities BEGIN
  INSERT INTO person_numbers (person_id)
  SELECT new.person_id WHERE NOT EXISTS (SELECT 1 FROM person_numbers WHERE person_id = new.person_id);
  DELETE FROM person_parts WHERE rowid = (SELECT number FROM person_numbers WHERE person_id = new.person_id);
  INSERT INTO person_parts (rowid, parts) SELECT number, parts FROM person_texts WHERE person_id = new.person_id;
END;
CREATE TRIGGER person_parts_change AFTER UPDATE OF name ON people WHEN old.name <> new.name BEGIN
  DELETE FROM person_parts WHERE rowid = (SELECT number FROM person_numbers WHERE person_id = new.id);
  INSERT INTO person_parts (rowid, parts) SELECT number, parts FROM person_texts WHERE person_id = new.id;
END;
CREATE TRIGGER person_parts_remove BEFORE DELETE ON people BEGIN
  DELETE FROM person_parts WHERE rowid = (SELECT number FROM person_numbers WHERE person_id = old.id);
  DELETE FROM person_numbers WHERE person_id = old.id;
END;
