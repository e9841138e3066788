-- What was written, to search in.
CREATE INDEX messages_words ON messages USING gin (
  to_tsvector('simple', left(subject || ' ' || coalesce(visible, text, ''), 20000)));
