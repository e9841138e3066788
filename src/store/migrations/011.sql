-- What a message came as is looked up for each one that is shown.
CREATE INDEX arrivals_message ON arrivals (message_id) WHERE message_id IS NOT NULL;
