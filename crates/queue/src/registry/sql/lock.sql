-- One import at a time.
SELECT version FROM registry_version FOR UPDATE
