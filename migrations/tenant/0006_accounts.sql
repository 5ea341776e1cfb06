-- Several people may be signed in on one browser: keyed hash of the flow in which the person last said that
-- they go on as this one.
ALTER TABLE session ADD COLUMN chosen_in TEXT;
