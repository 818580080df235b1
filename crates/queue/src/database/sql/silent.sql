-- Other receivers not heard for five seconds. $1 this receiver's name.
SELECT name, heard_at, unforwarded FROM receiver
WHERE name <> $1 AND heard_at < clock_timestamp() - interval '5 seconds' ORDER BY name
