SELECT to_jsonb(a) FROM alarm a
