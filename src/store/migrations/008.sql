-- What an answer says in Markdown, where its writer chose what is styled in it; null: its text is plain, and sent as typed.
ALTER TABLE messages ADD COLUMN markdown TEXT;
DROP VIEW messages_read;
CREATE VIEW messages_read AS
SELECT id, ticket_id AS "ticketId", direction, author_id AS "authorId", author_name AS "authorName",
       author_address AS "authorAddress", channel, external_id AS "externalId", subject, text, visible, kind,
       sent_at AS "sentAt", stored_at AS "storedAt", raw, salt, what, revises, markdown
FROM messages;
