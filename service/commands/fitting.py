"""``peer-matcher fit-weights``."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Annotated

import tomli_w
import typer
from rich.table import Table

from matcher import FacetWeights
from matcher.errors import InvalidRequest, Problem
from matcher.members.vocabulary import Kind
from matcher.passing_folder import passing_folder
from matcher.rematch.config import RematchConfig
from matcher.rematch.fitted_weights import FOLDS, FittedWeights, fit_weights
from matcher.rematch.history_reading import read_history
from matcher.rematch.outcomes import KEPT_DAYS, outcomes_of
from service.commands.console import err, out
from service.commands.member_files import read_community
from service.commands.options import DATABASE, AsOfOption, settings_of

_PARTS = {"buddy": "buddies", "mentor": "mentors"}


def fit_weights_command(
    members: Annotated[Path, typer.Option(help="Members: CSV, NDJSON, Parquet, or a folder of FHIR NDJSON.")],
    history: Annotated[Path, typer.Option(help="Ties and how they went: CSV, NDJSON or Parquet, as for rematch.")],
    results: Annotated[Path, typer.Option("--out", help="The TOML file to write, for rematch --config.")],
    as_of: AsOfOption = None,
    kind: Annotated[Kind, typer.Option(help="Weights for buddies, or for seekers and mentors.")] = "buddy",
    kept_days: Annotated[
        int, typer.Option(min=1, max=3650, help="A tie that lasted so many days without complaint went well.")
    ] = KEPT_DAYS,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the lots that deal members to folds.")] = 0,
) -> None:
    """Estimate from how ties went what each facet should weigh.

    Went well: fit checks of 4 or 5 and nobody wants out, or it lasted without complaint. Went badly: somebody declined,
    gave a fit of 1 or 2, wants out, or it ended because they did not suit, never met or felt unsafe. Proposals that
    expired and ties too young to tell are not used.

    The weights stay close to the preset unless the outcomes say otherwise, and are tested on members whose ties were
    not used to fit them. Where the outcomes are too few (200, 50 of either kind), or the weights foretell them no
    better than the preset, nothing is written, the reason is told, and the exit code is 2.

    Example: peer-matcher fit-weights --members members.csv --history history.csv --out weights.toml

    The file is a rematch config as it stands; or copy its table into your own. Read the weights before you use them:
    they follow what members did, good habits and bad.
    """
    _check_name(results)
    today = settings_of(DATABASE, as_of).today()
    everybody = {member.member_id: member for member in read_community(members, today)}
    ties = read_history(history).ties
    outcomes = outcomes_of(ties, everybody, kind, today, kept_days)
    with err().status(f"Fitting to {len(outcomes):,} outcomes"):
        fitted = fit_weights(outcomes, seed)
    _write(results, fitted, today)
    _tell(fitted, results)


def _check_name(path: Path) -> None:
    if path.suffix.lower() != ".toml":
        raise InvalidRequest(Problem("--out", f"{path.name} is not named .toml", "a file named .toml"))
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise InvalidRequest(Problem("--out", what, "a file in a folder that exists"))


def note_of(fitted: FittedWeights, as_of: date) -> str:
    """Where the weights come from, for the report: when and on what they were fitted, and how well they foretell."""
    return (
        f"Fitted as of {as_of.isoformat()} to {fitted.outcomes:,} {fitted.kind} ties, {fitted.well:,} of which went "
        f"well. Cross-validated on {fitted.tested:,}: log loss {fitted.fitted.log_loss:.4f} (preset "
        f"{fitted.preset.log_loss:.4f}; gain {fitted.gain:.4f}, standard error {fitted.error:.4f}), "
        f"AUC {fitted.fitted.auc:.3f} (preset {fitted.preset.auc:.3f})."
    )


def _write(path: Path, fitted: FittedWeights, as_of: date) -> None:
    """The file appears whole or not at all."""
    weights = {name: round(weight, 4) for name, weight in dataclasses.asdict(fitted.weights).items()}
    config = {_PARTS[fitted.kind]: {"weights_note": note_of(fitted, as_of), "weights": weights}}
    RematchConfig.parse({"ties": [fitted.kind], **config})
    with passing_folder(path.absolute().parent) as aside:
        written = aside / path.name
        written.touch(mode=0o600)
        written.write_text(tomli_w.dumps(config), encoding="utf-8")
        written.replace(path)


def _tell(fitted: FittedWeights, path: Path) -> None:
    preset = FacetWeights.mentor() if fitted.kind == "mentor" else FacetWeights.buddy()
    table = Table("facet", "fitted", "preset", title=f"Weights for {_PARTS[fitted.kind]}")
    for name, weight in dataclasses.asdict(fitted.weights).items():
        table.add_row(name, f"{weight:.3f}", f"{getattr(preset, name):.3f}")
    console = out()
    console.print(table)
    console.print(
        f"{fitted.outcomes:,} ties, {fitted.well:,} went well; {fitted.tested:,} foretold in {FOLDS} folds: log loss "
        f"{fitted.fitted.log_loss:.4f} (preset {fitted.preset.log_loss:.4f}, standard error of the gain "
        f"{fitted.error:.4f}), AUC {fitted.fitted.auc:.3f} (preset {fitted.preset.auc:.3f}).",
        soft_wrap=True,
    )
    console.print(f"Weights in {path}: peer-matcher rematch --config {path} uses them", soft_wrap=True)
