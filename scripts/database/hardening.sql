-- The event of a hardening.
SELECT json_build_object('role', :'role', 'result', :'result');
