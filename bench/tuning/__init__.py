"""Fair tuning: every contestant gets the same search budget, and is reported on other seeds.

DIR/tune.toml        what was fixed before the search
DIR/search.parquet   a row for each trial of the search, the only thing that a choice rests on
DIR/environment.json where the search was made
DIR/search/          trials of the search under way; gone once they are rows
DIR/reported/        a results folder: defaults and tuned configurations on the reporting seeds
DIR/tuned.md         the report; its tables are tuned.csv, pairs.csv, configurations.csv and
                     best_of_k.csv, its figure best_of_k.png
"""
