-- Whom else a mail went to: addresses as a JSON array. Null where a message goes to all who take part, as in a chat.
ALTER TABLE messages ADD COLUMN copied TEXT;

-- Whoever was taken off a ticket stays known as such: a copy brings nobody back, an invitation does.
ALTER TABLE participants ADD COLUMN left_at TEXT;
-- Behind so many events of the ticket; 0: with its first message.
ALTER TABLE participants ADD COLUMN joined_seq BIGINT NOT NULL DEFAULT 0;

-- What a notification shows to an agent: the newest event of the ticket, and a digest of who would read an answer.
ALTER TABLE outbox ADD COLUMN shown_seq BIGINT;
ALTER TABLE outbox ADD COLUMN readers TEXT;

-- Digest of what was asked for: given once more under the same id, something else may be asked for by then.
ALTER TABLE performed ADD COLUMN said TEXT;

-- How far an agent has looked at a ticket: its newest event then.
CREATE TABLE looks (
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  person_id TEXT NOT NULL REFERENCES people (id),
  seq BIGINT NOT NULL,
  PRIMARY KEY (ticket_id, person_id)
);
