//! `headroom models`: one function a command.

use std::num::NonZeroUsize;

use headroom::{
    config::{Overrides, RunConfig},
    pipeline::{self, PipelineError, Resources},
    registry::{Override, Registry, RegistryError, differences},
};

use super::{
    args::{Models, Person, Project},
    console::Console,
};

/// Executes `command`.
pub fn execute(command: Models, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let resources = Resources { threads: threads.and_then(NonZeroUsize::new) };
    match command {
        Models::List(project) => list(&project, console),
        Models::Show { project, id } => {
            console.result(&registry(&project)?.show(&id)?.markdown());
            Ok(())
        }
        Models::Diff { project, old, new } => {
            let registry = registry(&project)?;
            print(&pipeline::difference_lines(&differences(&registry.show(&old)?, &registry.show(&new)?)?), console);
            Ok(())
        }
        Models::Compare { project, id, with } => {
            let comparison = pipeline::compare(&load(&project)?, resources, &id, with.as_deref())?;
            print(&comparison.lines(), console);
            Ok(())
        }
        Models::Promote { project, id, force, person } => {
            let insisting = force.then(|| overruling(person)).transpose()?;
            let done = pipeline::promote(&load(&project)?, resources, &id, insisting.as_ref())?;
            console.result(&done);
            Ok(())
        }
        Models::Rollback { project, target, horizon, person } => {
            let registry = registry(&project)?;
            let horizons = registry.horizons(target)?;
            let horizon = match (horizon, &horizons[..]) {
                (Some(horizon), _) => horizon,
                (None, [only]) => *only,
                (None, _) => return Err(RegistryError::ManyHorizons { target, horizons }.into()),
            };
            let card = registry.rollback(target, horizon, &overruling(person)?)?;
            console.result(&format!("{} is back in use for {target} over {horizon}", card.id));
            Ok(())
        }
    }
}

fn list(project: &Project, console: &Console) -> Result<(), PipelineError> {
    for listed in registry(project)?.list()? {
        let mark = if listed.champion { "*" } else { " " };
        let text = match &listed.card {
            Ok(card) => format!(
                "{} {} as of {}, {}{}",
                card.training.horizon,
                card.training.rung,
                card.training.window.last,
                card.training.verdict,
                if card.training.claimed { "" } else { " (no claim)" },
            ),
            Err(damage) => format!("cannot be used: {damage}"),
        };
        console.result(&format!("{mark} {:<17} {}  {text}", listed.target.name(), listed.id));
    }
    Ok(())
}

fn load(project: &Project) -> Result<RunConfig, PipelineError> {
    Ok(RunConfig::load(&project.project, Overrides::default())?)
}

fn registry(project: &Project) -> Result<Registry, PipelineError> {
    Ok(Registry::open(load(project)?.models()))
}

fn print(lines: &[String], console: &Console) {
    for line in lines {
        console.result(line);
    }
}

/// The person at this machine, on this day.
#[expect(clippy::disallowed_methods, reason = "a person's act has a day; no run writes one")]
fn overruling(person: Person) -> Result<Override, PipelineError> {
    let user = || ["USER", "USERNAME", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let by = person.by.or_else(user).unwrap_or_default();
    let reason = person.reason.unwrap_or_default();
    if by.trim().is_empty() || reason.trim().is_empty() {
        return Err(RegistryError::Anonymous.into());
    }
    Ok(Override { by, on: jiff::Zoned::now().date().to_string(), reason })
}
