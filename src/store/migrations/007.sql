-- What speaks against a message being of whom it names. One row for each of which nothing confirms that.
CREATE TABLE message_doubts (
  message_id TEXT PRIMARY KEY REFERENCES messages (id),
  doubt TEXT NOT NULL -- a sentence for agents
);

-- 0: the report names no mail of ours, so that anybody may have written it.
ALTER TABLE bounces ADD COLUMN confirmed BIGINT NOT NULL DEFAULT 1;

-- When others than its recipient saw the token: from then on it confirms nobody.
ALTER TABLE outbox ADD COLUMN seen_at TEXT;
-- How far the sender of what it answers, or tells of, can be believed: confirmed, unconfirmed, disowned; null: an agent's doing.
ALTER TABLE outbox ADD COLUMN cause TEXT;
