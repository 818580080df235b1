-- An import that was reported is there after a power cut, whatever the server's default.
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'
