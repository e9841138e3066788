-- What was written, to search in. VACUUM gives rows new numbers, so each message has one of its own here.
CREATE TABLE message_numbers (
  number INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL UNIQUE REFERENCES messages (id)
);
CREATE VIRTUAL TABLE message_words USING fts5(
  subject, body, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2");
INSERT INTO message_numbers (message_id) SELECT id FROM messages ORDER BY stored_at, id;
INSERT INTO message_words (rowid, subject, body)
SELECT n.number, m.subject, substr(coalesce(m.visible, m.text, ''), 1, 20000)
FROM message_numbers n JOIN messages m ON m.id = n.message_id;
CREATE TRIGGER message_words_add AFTER INSERT ON messages BEGIN
  INSERT INTO message_numbers (message_id) VALUES (new.id);
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
