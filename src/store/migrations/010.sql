-- Whose turn it is to leave. Each channel sends for itself; its lanes follow each other (see outbox-turns.ts), and what
-- goes to one domain leaves room for the others. The channel stands here too, so that one index gives the order.
ALTER TABLE outbox_recipients ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_recipients ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox_recipients ADD COLUMN domain TEXT NOT NULL DEFAULT '';
UPDATE outbox_recipients SET
  channel = (SELECT o.channel FROM outbox o WHERE o.id = outbox_id),
  lane = (SELECT CASE WHEN o.kind = 'reply' THEN 0
                      WHEN o.kind IN ('notify-opened', 'notify-received', 'notify-note', 'notify-sent', 'notify-change',
                                      'notify-doubtful') THEN 4
                      ELSE 2 END FROM outbox o WHERE o.id = outbox_id)
         + CASE WHEN attempts > 0 THEN 1 ELSE 0 END,
  domain = lower(substr(recipient, length(rtrim(recipient, replace(recipient, '@', ''))) + 1))
WHERE state IN ('queued', 'failed');
CREATE INDEX outbox_recipients_turn ON outbox_recipients (channel, lane, next_try_at, outbox_id) WHERE state = 'queued';
DROP INDEX outbox_in_hand;

-- Tickets of mail that had waited before it came, as of an import: told of together once no more come.
CREATE TABLE backlogs (
  desk_id TEXT PRIMARY KEY REFERENCES desks (id),
  channel TEXT NOT NULL,
  opened BIGINT NOT NULL,
  first_untold BIGINT, -- number of the first ticket that was told of to nobody
  last_untold BIGINT,
  began_at TEXT NOT NULL,
  last_at TEXT NOT NULL
);

-- Each room shows its cards by itself.
DROP INDEX cards_due;
CREATE INDEX cards_due ON cards (channel, due_at) WHERE due_at IS NOT NULL;
