INSERT INTO q (k, i, v) VALUES ('a', 1 + 2, 'it''s');INSERT INTO q SELECT k, i, v FROM s;
