-- The common subset of SQLite and PostgreSQL. Times are ISO 8601 UTC text, ids are text, a nullable time stands for a
-- boolean. Keys that come from outside are digests where they could be long.

CREATE TABLE desks (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL UNIQUE
);

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);

CREATE TABLE people (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  handle TEXT UNIQUE, -- set while the configuration lists this person as an agent
  created_at TEXT NOT NULL
);

CREATE TABLE identities (
  kind TEXT NOT NULL, -- email, slack, teams
  address TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  PRIMARY KEY (kind, address)
);
CREATE INDEX identities_person ON identities (person_id);

CREATE TABLE tickets (
  id TEXT PRIMARY KEY,
  number BIGINT NOT NULL UNIQUE,
  desk_id TEXT NOT NULL REFERENCES desks (id),
  channel TEXT NOT NULL, -- the question came in here, the answer leaves here
  subject TEXT NOT NULL,
  state TEXT NOT NULL,
  requester_id TEXT NOT NULL REFERENCES people (id),
  reply_to TEXT, -- where the requester reads answers; opaque to all but the channel
  owner_id TEXT REFERENCES people (id), -- one column: at most one owner
  opened_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  first_response_at TEXT,
  closed_at TEXT,
  event_seq BIGINT NOT NULL, -- head of the chain in events
  event_hash TEXT NOT NULL,
  CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
  CHECK (state <> 'new' OR owner_id IS NULL)
);
CREATE INDEX tickets_open ON tickets (updated_at, number) WHERE closed_at IS NULL;
CREATE INDEX tickets_owner ON tickets (owner_id, updated_at) WHERE closed_at IS NULL;

CREATE TABLE participants (
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  name TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  role TEXT NOT NULL CHECK (role IN ('requester', 'copied')),
  joined_at TEXT NOT NULL,
  PRIMARY KEY (ticket_id, kind, address)
);

CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out', 'internal')),
  author_id TEXT NOT NULL REFERENCES people (id),
  author_name TEXT NOT NULL,
  author_address TEXT,
  channel TEXT NOT NULL,
  external_id TEXT, -- the Message-ID it came with, or the token it went with
  subject TEXT NOT NULL,
  text TEXT, -- null once erased
  visible TEXT, -- null where it is the same as text
  kind TEXT NOT NULL CHECK (kind IN ('person', 'auto-reply', 'bounce', 'bulk')),
  sent_at TEXT,
  stored_at TEXT NOT NULL,
  raw TEXT, -- digest of the message as it came
  salt TEXT -- of the content digest in its event; erased with the text
);
CREATE INDEX messages_ticket ON messages (ticket_id, stored_at, id);

CREATE TABLE blobs (
  sha256 TEXT PRIMARY KEY,
  size BIGINT NOT NULL,
  encoding TEXT NOT NULL CHECK (encoding IN ('identity', 'zstd')),
  data BYTEA -- null: in the file of that name
);

CREATE TABLE attachments (
  message_id TEXT NOT NULL REFERENCES messages (id),
  position BIGINT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  content_id TEXT,
  sha256 TEXT NOT NULL REFERENCES blobs (sha256),
  size BIGINT NOT NULL,
  PRIMARY KEY (message_id, position)
);

-- Which conversation is which ticket. One row for each key, so a conversation cannot be two tickets.
CREATE TABLE threads (
  key TEXT PRIMARY KEY, -- digest of the channel's conversation key or of a Message-ID
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  known TEXT NOT NULL CHECK (known IN ('seen', 'mentioned')) -- mentioned: somebody referred to it, we never had it
);

-- Every external id with its outcome.
CREATE TABLE arrivals (
  number BIGINT PRIMARY KEY,
  channel TEXT NOT NULL,
  external_key TEXT NOT NULL, -- digest of the id in the channel
  external_id TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('opened', 'appended', 'duplicate', 'ignored', 'held', 'quarantined')),
  reason TEXT,
  detail TEXT,
  seen BIGINT NOT NULL DEFAULT 1,
  ticket_id TEXT REFERENCES tickets (id), -- of a held one: the ticket it would join
  message_id TEXT REFERENCES messages (id),
  duplicate_of BIGINT REFERENCES arrivals (number),
  fingerprint TEXT,
  acknowledgement TEXT, -- of an opened one: queued, or none:<reason>
  sender TEXT,
  subject TEXT,
  raw TEXT NOT NULL REFERENCES blobs (sha256),
  arrived_at TEXT NOT NULL,
  decided_at TEXT, -- a held or quarantined one: when an agent settled it
  UNIQUE (channel, external_key),
  CHECK ((outcome IN ('ignored', 'held', 'quarantined')) = (reason IS NOT NULL)),
  CHECK (outcome NOT IN ('opened', 'appended') OR (ticket_id IS NOT NULL AND message_id IS NOT NULL)),
  CHECK ((outcome = 'opened') = (acknowledgement IS NOT NULL)),
  CHECK ((outcome = 'duplicate') = (duplicate_of IS NOT NULL))
);
CREATE UNIQUE INDEX arrivals_fingerprint ON arrivals (fingerprint) WHERE outcome <> 'duplicate' AND fingerprint IS NOT NULL;
CREATE INDEX arrivals_waiting ON arrivals (number) WHERE outcome IN ('held', 'quarantined');

CREATE TABLE channel_memory (
  channel TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (channel, key)
);

CREATE TABLE alarms (
  channel TEXT NOT NULL,
  code TEXT NOT NULL,
  sentence TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  settled_at TEXT,
  PRIMARY KEY (channel, code)
);

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  number BIGINT NOT NULL UNIQUE,
  kind TEXT NOT NULL, -- acknowledgement, reply, or a notification's template
  purpose TEXT NOT NULL CHECK (purpose IN ('requester', 'answer', 'internal')),
  token TEXT NOT NULL,
  channel TEXT NOT NULL,
  ticket_id TEXT REFERENCES tickets (id),
  message_id TEXT REFERENCES messages (id), -- what it carries or tells of
  arrival BIGINT REFERENCES arrivals (number),
  note TEXT, -- a sentence of ours that it carries
  in_reply_to TEXT,
  refs TEXT NOT NULL, -- Message-IDs, oldest first, separated by blanks
  queued_at TEXT NOT NULL
);
CREATE INDEX outbox_ticket ON outbox (ticket_id);
CREATE INDEX outbox_message ON outbox (message_id);

CREATE TABLE outbox_recipients (
  outbox_id TEXT NOT NULL REFERENCES outbox (id),
  recipient TEXT NOT NULL, -- opaque to all but the channel
  name TEXT NOT NULL,
  shown TEXT NOT NULL CHECK (shown IN ('to', 'cc')),
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'dropped')),
  attempts BIGINT NOT NULL DEFAULT 0,
  next_try_at TEXT,
  error TEXT,
  settled_at TEXT,
  PRIMARY KEY (outbox_id, recipient),
  CHECK ((state = 'queued') = (next_try_at IS NOT NULL)),
  CHECK ((state = 'queued') = (settled_at IS NULL))
);
CREATE INDEX outbox_recipients_due ON outbox_recipients (next_try_at) WHERE state = 'queued';
CREATE INDEX outbox_recipients_recipient ON outbox_recipients (recipient);

-- Append-only. What people wrote stands here only as a salted digest.
CREATE TABLE events (
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  seq BIGINT NOT NULL,
  at TEXT NOT NULL,
  actor_id TEXT, -- null: the desk itself
  channel TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (ticket_id, seq)
);

CREATE TABLE token_keys (
  id TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  created_at TEXT NOT NULL
);

-- The rows as the program names their columns.

CREATE VIEW arrivals_read AS
SELECT number, channel, external_id AS "externalId", outcome, reason, detail, ticket_id AS "ticketId",
       message_id AS "messageId", duplicate_of AS "duplicateOf", fingerprint, acknowledgement, sender, subject, raw,
       arrived_at AS "arrivedAt"
FROM arrivals;

CREATE VIEW messages_read AS
SELECT id, ticket_id AS "ticketId", direction, author_id AS "authorId", author_name AS "authorName",
       author_address AS "authorAddress", channel, external_id AS "externalId", subject, text, visible, kind,
       sent_at AS "sentAt", stored_at AS "storedAt", raw, salt
FROM messages;

CREATE VIEW outbox_lines AS
SELECT o.number, o.kind, o.purpose, o.channel, o.ticket_id AS "ticketId", t.number AS "ticketNumber", d.prefix,
       o.message_id AS "messageId", r.recipient, r.state, r.attempts, r.next_try_at AS "nextTryAt", r.error,
       o.queued_at AS "queuedAt", r.settled_at AS "settledAt"
FROM outbox_recipients r JOIN outbox o ON o.id = r.outbox_id
LEFT JOIN tickets t ON t.id = o.ticket_id LEFT JOIN desks d ON d.id = t.desk_id;
