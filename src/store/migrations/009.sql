-- Where a message stands in its ticket: behind so many events of it. Times do not tell, for two messages may fall into
-- one millisecond, and the clocks of two machines differ. Those from before are first, in the order of their ids.
ALTER TABLE messages ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
DROP INDEX messages_ticket;
CREATE INDEX messages_ticket ON messages (ticket_id, seq, id);
