-- +goose Up

-- Records that were taken leave dead entries at the head of the line, which
-- every look for the next one walks through: they are cleared away after 2 %,
-- and not only after 20 % of the table.
ALTER TABLE record SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.02);
