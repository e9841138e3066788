-- States, owners and what else a ticket can be; all of it follows from its events.
ALTER TABLE tickets ADD COLUMN offered_to TEXT REFERENCES people (id);
ALTER TABLE tickets ADD COLUMN offered_until TEXT;
ALTER TABLE tickets ADD COLUMN helpers TEXT NOT NULL DEFAULT ''; -- ids of people, in order, separated by blanks
ALTER TABLE tickets ADD COLUMN kind TEXT;
ALTER TABLE tickets ADD COLUMN category TEXT;
ALTER TABLE tickets ADD COLUMN impact TEXT;
ALTER TABLE tickets ADD COLUMN urgency TEXT;
ALTER TABLE tickets ADD COLUMN priority TEXT;
ALTER TABLE tickets ADD COLUMN raised BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN tags TEXT NOT NULL DEFAULT ''; -- words, in order, separated by blanks
ALTER TABLE tickets ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tickets ADD COLUMN resume_at TEXT;
ALTER TABLE tickets ADD COLUMN expected_at TEXT;
ALTER TABLE tickets ADD COLUMN resolved_at TEXT;
ALTER TABLE tickets ADD COLUMN rating BIGINT;
ALTER TABLE tickets ADD COLUMN merged_into TEXT REFERENCES tickets (id);

-- Lists, newest change first: of what is open and of what is done there is an index each, so that neither is passed over
-- in search of the other, and what is done stays where it is. What was merged is always done.
CREATE INDEX tickets_done ON tickets (updated_at, number, opened_at) WHERE closed_at IS NOT NULL AND merged_into IS NULL;
DROP INDEX tickets_owner;
CREATE INDEX tickets_owner ON tickets (owner_id, updated_at, number) WHERE closed_at IS NULL;
CREATE INDEX tickets_owner_done ON tickets (owner_id, updated_at, number)
WHERE closed_at IS NOT NULL AND merged_into IS NULL;
CREATE INDEX tickets_state ON tickets (state, updated_at, number) WHERE closed_at IS NULL;
CREATE INDEX tickets_category ON tickets (category, updated_at, number) WHERE closed_at IS NULL AND category IS NOT NULL;
CREATE INDEX tickets_category_done ON tickets (category, updated_at, number)
WHERE closed_at IS NOT NULL AND merged_into IS NULL AND category IS NOT NULL;
CREATE INDEX tickets_priority ON tickets (priority, updated_at, number) WHERE closed_at IS NULL AND priority IS NOT NULL;
CREATE INDEX tickets_priority_done ON tickets (priority, updated_at, number)
WHERE closed_at IS NOT NULL AND merged_into IS NULL AND priority IS NOT NULL;
CREATE INDEX tickets_helped ON tickets (updated_at, number) WHERE helpers <> '';
CREATE INDEX tickets_requester ON tickets (requester_id, number);
CREATE INDEX tickets_requester_open ON tickets (requester_id) WHERE closed_at IS NULL;
CREATE INDEX tickets_requester_done ON tickets (requester_id, updated_at, number)
WHERE closed_at IS NOT NULL AND merged_into IS NULL;

-- The clock.
CREATE INDEX tickets_resume ON tickets (resume_at) WHERE resume_at IS NOT NULL;
CREATE INDEX tickets_offered ON tickets (offered_until) WHERE offered_until IS NOT NULL;
CREATE INDEX tickets_resolved ON tickets (resolved_at) WHERE resolved_at IS NOT NULL AND closed_at IS NULL;

CREATE INDEX tickets_merged ON tickets (merged_into) WHERE merged_into IS NOT NULL;

CREATE INDEX participants_address ON participants (kind, address);

-- The tags of a ticket once more, with what lists of tickets are ordered by.
CREATE TABLE ticket_tags (
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  tag TEXT NOT NULL,
  done BIGINT NOT NULL CHECK (done IN (0, 1)), -- 1 once closed
  updated_at TEXT NOT NULL,
  number BIGINT NOT NULL, -- of the ticket
  PRIMARY KEY (ticket_id, tag)
);
CREATE INDEX ticket_tags_newest ON ticket_tags (tag, done, updated_at, number);

-- What tickets are to each other. A row for each direction.
CREATE TABLE links (
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  kind TEXT NOT NULL CHECK (kind IN ('parent', 'child', 'related', 'duplicate', 'original', 'followed', 'follows')),
  other_id TEXT NOT NULL REFERENCES tickets (id), -- what it is to this one: its parent, its child, ...
  PRIMARY KEY (ticket_id, kind, other_id)
);
CREATE UNIQUE INDEX links_parent ON links (ticket_id) WHERE kind = 'parent';

-- What a message of agents is, if it is more than a note: call, visit, tried, reason, solution, workaround, ...
ALTER TABLE messages ADD COLUMN what TEXT;
DROP VIEW messages_read;
CREATE VIEW messages_read AS
SELECT id, ticket_id AS "ticketId", direction, author_id AS "authorId", author_name AS "authorName",
       author_address AS "authorAddress", channel, external_id AS "externalId", subject, text, visible, kind,
       sent_at AS "sentAt", stored_at AS "storedAt", raw, salt, what
FROM messages;

-- Agents who are away, and who stands in for them.
CREATE TABLE absences (
  person_id TEXT PRIMARY KEY REFERENCES people (id),
  until TEXT NOT NULL,
  deputy_id TEXT REFERENCES people (id)
);

-- Lists that agents named.
CREATE TABLE views (
  person_id TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  PRIMARY KEY (person_id, name)
);

CREATE VIEW tickets_read AS
SELECT t.id, t.number, d.prefix || '-' || t.number AS ref, t.desk_id AS "deskId", d.prefix, t.channel, t.subject, t.state,
       t.requester_id AS "requesterId", r.name AS "requesterName", t.reply_to AS "replyTo", t.owner_id AS "ownerId",
       o.name AS "ownerName", o.handle AS "ownerHandle", t.offered_to AS "offeredTo",
       t.offered_until AS "offeredUntil", t.helpers, t.kind, t.category, t.impact, t.urgency, t.priority, t.raised,
       t.tags, t.fields, t.opened_at AS "openedAt", t.updated_at AS "updatedAt",
       t.first_response_at AS "firstResponseAt", t.resume_at AS "resumeAt", t.expected_at AS "expectedAt",
       t.resolved_at AS "resolvedAt", t.closed_at AS "closedAt", t.rating, t.merged_into AS "mergedInto",
       t.event_seq AS "eventSeq", t.event_hash AS "eventHash", recorder.name AS "recordedByName"
FROM tickets t JOIN desks d ON d.id = t.desk_id JOIN people r ON r.id = t.requester_id
LEFT JOIN people o ON o.id = t.owner_id LEFT JOIN people recorder ON recorder.id = t.recorded_by;
