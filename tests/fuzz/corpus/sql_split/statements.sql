-- one; two
CREATE STREAM s (a INT KEY) WITH (kafka_topic='t;', value_format='JSON'); /* ; */
SELECT `a;b`, "c" -> d FROM s WHERE x = 'it''s' EMIT CHANGES LIMIT 3;;
DEFINE v = 'x;y'; SET 'a'='b'; SHOW TABLES