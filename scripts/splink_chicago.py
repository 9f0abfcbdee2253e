"""splink beside `headroom`'s record linkage on the same file of real organisations.

    python -m venv venv && venv/bin/pip install splink==5.0.0 pandas
    venv/bin/python scripts/splink_chicago.py /work/shared/data/chicago_sites/sites.csv

Set up as its documentation advises: cleaned columns, several levels per field with term frequencies, u from random
pairs, m by expectation maximisation over several blocking rules, the prior from deterministic rules. The truth is used
for the figures printed at the end only.
"""

import re
import sys

import pandas as pd
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI
import splink.comparison_level_library as cll


def clean(text):
    return " ".join(re.sub(r"[^a-z0-9]+", " ", re.sub(r"['`?]", "", str(text).lower())).split())


KINDS = r"\b(street|st|avenue|ave|boulevard|blvd|road|rd|place|pl|drive|dr|court|ct|parkway|pkwy|terrace)\b.*$"
SIDES = {"north": "n", "south": "s", "east": "e", "west": "w"}


def address(text):
    words = [SIDES.get(word, word) for word in clean(text).split()]
    words = [re.sub(r"^(\d+)(st|nd|rd|th)$", r"\1", word) for word in words]
    number = words[0] if words and words[0].isdigit() else None
    street = re.sub(KINDS, "", " ".join(words[1:] if number else words)).strip() or None
    return number, street


def prepare(path):
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers, streets = zip(*rows["address"].map(address))
    frame = pd.DataFrame({
        "unique_id": rows["id"],
        "truth": rows["true_id"],
        "name": rows["name"].map(clean).replace("", None),
        "number": numbers,
        "street": streets,
        "zip": rows["zip"].str.strip().replace("", None),
        "phone": rows["phone"].str.strip().replace("", None),
    })
    full = [f"{number} {street}" if number and street else None for number, street in zip(numbers, streets)]
    frame["full_address"] = full
    frame["words"] = frame["name"].map(lambda name: sorted(set(name.split())) if name else None)
    return frame


def settings():
    address_levels = cl.CustomComparison(
        output_column_name="full_address",
        comparison_levels=[
            cll.NullLevel("full_address"),
            cll.ExactMatchLevel("full_address", term_frequency_adjustments=True),
            cll.And(cll.ExactMatchLevel("number"), cll.JaroWinklerLevel("street", 0.88)),
            cll.ExactMatchLevel("street"),
            cll.ExactMatchLevel("number"),
            cll.ElseLevel(),
        ],
    )
    name_levels = cl.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            cll.NullLevel("name"),
            cll.ExactMatchLevel("name", term_frequency_adjustments=True),
            cll.JaroWinklerLevel("name", 0.92),
            cll.CustomLevel(
                "len(list_intersect(words_l, words_r)) >= .75 * least(len(words_l), len(words_r))", "words: 3/4 shared"
            ),
            cll.CustomLevel(
                "len(list_intersect(words_l, words_r)) >= .4 * least(len(words_l), len(words_r))", "words: 2/5 shared"
            ),
            cll.ElseLevel(),
        ],
    )
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        blocking_rules_to_generate_predictions=[
            block_on("phone"),
            block_on("full_address"),
            block_on("number", "substr(street, 1, 3)"),
            block_on("number", "zip"),
            block_on("substr(name, 1, 8)"),
            block_on("street", "substr(name, 1, 4)"),
        ],
        comparisons=[
            name_levels,
            address_levels,
            cl.ExactMatch("zip").configure(term_frequency_adjustments=True),
            cl.CustomComparison(
                output_column_name="phone",
                comparison_levels=[
                    cll.NullLevel("phone"),
                    cll.ExactMatchLevel("phone", term_frequency_adjustments=True),
                    cll.DamerauLevenshteinLevel("phone", 1),
                    cll.ElseLevel(),
                ],
            ),
        ],
        retain_intermediate_calculation_columns=False,
    )


def pairwise(right, found, all_pairs):
    precision, recall = right / max(found, 1), right / all_pairs
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-12)


def main(path):
    frame = prepare(path)
    truth = dict(zip(frame["unique_id"], frame["truth"]))
    all_pairs = int((frame["truth"].value_counts().map(lambda n: n * (n - 1) // 2)).sum())
    api = DuckDBAPI()
    linker = Linker(api.register(frame.drop(columns="truth")), settings())
    linker.training.estimate_probability_two_random_records_match(
        [block_on("phone", "full_address"), block_on("name", "full_address")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for rule in [block_on("phone"), block_on("full_address"), block_on("name"), block_on("zip", "number")]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    predictions = linker.inference.predict(threshold_match_probability=0.001)
    pairs = predictions.as_pandas_dataframe()
    pairs["right"] = [truth[str(a)] == truth[str(b)] for a, b in zip(pairs["unique_id_l"], pairs["unique_id_r"])]
    print(f"{len(frame)} records, {all_pairs} true pairs, {len(pairs)} pairs of at least .001")
    print("threshold | links: precision recall f1 | connected components: precision recall f1")
    for threshold in [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999, 0.999999]:
        strong = pairs[pairs["match_probability"] >= threshold]
        links = pairwise(int(strong["right"].sum()), len(strong), all_pairs)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predictions, threshold_match_probability=threshold
        ).as_pandas_dataframe()
        clusters["truth"] = clusters["unique_id"].astype(str).map(truth)
        count = lambda keys: int(clusters.groupby(keys).size().map(lambda n: n * (n - 1) // 2).sum())
        found = pairwise(count(["cluster_id", "truth"]), count(["cluster_id"]), all_pairs)
        print(f"{threshold:8} | " + " ".join(f"{x:.4f}" for x in links) + " | " + " ".join(f"{x:.4f}" for x in found))


main(sys.argv[1])
