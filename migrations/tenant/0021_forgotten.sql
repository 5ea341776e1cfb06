-- JSON: keyed hashes of the addresses of people who were erased while the import was under way. Their lines are gone from
-- rows_sealed; who deals with the lines may have read them before.
ALTER TABLE user_import ADD COLUMN forgotten TEXT;
