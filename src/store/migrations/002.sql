-- Why each message got its outcome; JSON of core/verdict.ts.
ALTER TABLE arrivals ADD COLUMN verdict TEXT;
CREATE INDEX arrivals_ticket ON arrivals (ticket_id) WHERE ticket_id IS NOT NULL;

DROP VIEW arrivals_read;
CREATE VIEW arrivals_read AS
SELECT number, channel, external_id AS "externalId", outcome, reason, detail, ticket_id AS "ticketId",
       message_id AS "messageId", duplicate_of AS "duplicateOf", fingerprint, acknowledgement, sender, subject, raw,
       arrived_at AS "arrivedAt", verdict
FROM arrivals;

-- The agent who recorded what came in by another way.
ALTER TABLE tickets ADD COLUMN recorded_by TEXT REFERENCES people (id);

-- What came back of what we sent. One row for each recipient that a bounce is about.
CREATE TABLE bounces (
  message_id TEXT NOT NULL REFERENCES messages (id), -- the bounce
  recipient TEXT NOT NULL, -- whom we sent it to
  outbox_id TEXT NOT NULL REFERENCES outbox (id), -- what came back
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  address TEXT NOT NULL, -- which address failed: another one where the recipient's mail goes on
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('hard', 'soft', 'delayed')),
  bounced_at TEXT NOT NULL,
  PRIMARY KEY (message_id, recipient)
);
CREATE INDEX bounces_recipient ON bounces (recipient, bounced_at);
CREATE INDEX bounces_ticket ON bounces (ticket_id);

-- Alerts that repeat: which ticket their next one joins.
CREATE TABLE alerts (
  key TEXT PRIMARY KEY, -- digest of the channel, the sender and what it is about
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  count BIGINT NOT NULL,
  first_at TEXT NOT NULL,
  last_at TEXT NOT NULL,
  recovered_at TEXT -- the last one said that all is well
);
CREATE INDEX alerts_ticket ON alerts (ticket_id);
