-- How often something happened lately: a window opens with the first time and ends by itself.
CREATE TABLE rates (
  key TEXT PRIMARY KEY, -- digest of what is counted
  count BIGINT NOT NULL,
  ends_at TEXT NOT NULL
);
CREATE INDEX rates_ends ON rates (ends_at);

-- What agents said of senders.
CREATE TABLE senders (
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('spam', 'wanted')),
  decided_by TEXT NOT NULL REFERENCES people (id),
  decided_at TEXT NOT NULL,
  PRIMARY KEY (kind, address)
);

-- Which held messages a notification tells of.
CREATE TABLE held_notices (
  outbox_id TEXT NOT NULL REFERENCES outbox (id),
  arrival BIGINT NOT NULL REFERENCES arrivals (number),
  PRIMARY KEY (outbox_id, arrival)
);
CREATE INDEX held_notices_arrival ON held_notices (arrival);

CREATE INDEX outbox_held ON outbox (number) WHERE kind = 'notify-held';

-- What is the same in all addresses that one person may write an address as.
ALTER TABLE identities ADD COLUMN alias_of TEXT;
CREATE INDEX identities_alias ON identities (kind, alias_of);

-- Where an agent is told, and from where the agent answers; other addresses of the same person are not the agent's.
ALTER TABLE people ADD COLUMN email TEXT;
UPDATE people SET email = (SELECT min(address) FROM identities WHERE person_id = people.id AND kind = 'email')
WHERE handle IS NOT NULL;

-- What one address got lately.
DROP INDEX outbox_recipients_recipient;
CREATE INDEX outbox_recipients_recipient ON outbox_recipients (recipient, settled_at);
