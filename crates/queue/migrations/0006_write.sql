-- Ends the writer's one statement as a failed serialisation when it did not find what it had looked at.
CREATE FUNCTION nobody_was_quicker(is_so boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_so THEN
        RAISE EXCEPTION 'somebody was quicker' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN true;
END
$$;
