-- What came back otherwise than it was saved: a line for each. The saved contents come on descriptor 3, the restored on 4.
\set saved `cat <&3`
\set restored `cat <&4`
SELECT format('%s of %s: %s was saved, %s came back', coalesce(s.what, r.what), coalesce(s.name, r.name), coalesce(s.value, 'nothing'),
              coalesce(r.value, 'nothing'))
FROM (SELECT what, name, value FROM jsonb_each((:'saved')::jsonb) k(what, v), jsonb_each_text(CASE jsonb_typeof(v) WHEN 'object' THEN v
      ELSE jsonb_build_object('all', v) END) e(name, value)) s
FULL JOIN (SELECT what, name, value FROM jsonb_each((:'restored')::jsonb) k(what, v), jsonb_each_text(CASE jsonb_typeof(v) WHEN 'object' THEN v
      ELSE jsonb_build_object('all', v) END) e(name, value)) r ON s.what = r.what AND s.name = r.name
WHERE s.value IS DISTINCT FROM r.value
   OR (s.what IS NULL) <> (r.what IS NULL)
ORDER BY 1;
