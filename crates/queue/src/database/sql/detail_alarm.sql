SELECT to_jsonb(a) FROM alarm a WHERE id = $1 OR id = (SELECT alarm FROM alarm_alias WHERE alias = $1)
UNION ALL
SELECT to_jsonb(h) FROM alarm_history h WHERE id = $1 OR id = (SELECT alarm FROM alarm_alias WHERE alias = $1)
