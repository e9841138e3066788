-- What is said in such a conversation stays among agents, whoever says it.
ALTER TABLE threads ADD COLUMN internal BIGINT NOT NULL DEFAULT 0;

-- The card of a ticket in a room where agents work. One row for each ticket of a desk that has such a room.
CREATE TABLE cards (
  ticket_id TEXT PRIMARY KEY REFERENCES tickets (id),
  channel TEXT NOT NULL,
  place TEXT, -- null: not shown yet
  told_seq BIGINT NOT NULL DEFAULT 0, -- the newest event that was told below it
  attempts BIGINT NOT NULL DEFAULT 0, -- since something was last shown
  due_at TEXT -- null: all is shown
);
CREATE INDEX cards_due ON cards (due_at) WHERE due_at IS NOT NULL;

-- What its writer changed or took back: a message of its own, that names the one before.
ALTER TABLE messages ADD COLUMN revises TEXT REFERENCES messages (id);
CREATE INDEX messages_revises ON messages (revises) WHERE revises IS NOT NULL;
DROP VIEW messages_read;
CREATE VIEW messages_read AS
SELECT id, ticket_id AS "ticketId", direction, author_id AS "authorId", author_name AS "authorName",
       author_address AS "authorAddress", channel, external_id AS "externalId", subject, text, visible, kind,
       sent_at AS "sentAt", stored_at AS "storedAt", raw, salt, what, revises
FROM messages;

-- Commands that came through a transport which may deliver one twice.
CREATE TABLE performed (
  key TEXT PRIMARY KEY, -- digest of the channel and the id in it
  answer TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX performed_at ON performed (at);

-- What one person writes in a chat, line by line: the ticket of the line before.
CREATE TABLE chat_rows (
  key TEXT PRIMARY KEY, -- digest of the channel, the place and the person
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  at TEXT NOT NULL
);

-- Of a revision: digest of the id of what it revises.
ALTER TABLE arrivals ADD COLUMN revises TEXT;
ALTER TABLE arrivals ADD COLUMN revision TEXT; -- what it says, as long as its message has not come
CREATE INDEX arrivals_revises ON arrivals (channel, revises) WHERE revises IS NOT NULL;
CREATE INDEX arrivals_held ON arrivals (reason, arrived_at) WHERE outcome = 'held';

CREATE INDEX participants_person ON participants (person_id);

-- What one recipient is being sent just now is counted for each message that leaves, however many wait.
CREATE INDEX outbox_in_hand ON outbox_recipients (recipient) WHERE state = 'queued' AND attempts > 0;
