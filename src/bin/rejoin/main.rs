//! The command `rejoin`: see replicas drift apart, and rejoin.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "times and counts are small, and are rounded to be read"
)]

mod args;
mod baselines;
mod figures;
mod json;
mod master;
mod measure;
mod play;
mod plot;
mod stage;
mod stories;
mod summary;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use args::{Command, Sim};
use stage::{Stage, line};
use summary::Summary;

fn main() -> ExitCode {
    match args::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help(text)) => {
            line(text.trim_end());
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            line(&format!("rejoin {}", env!("CARGO_PKG_VERSION")));
            ExitCode::SUCCESS
        }
        Ok(Command::Sim(options)) => sim(&options),
        Ok(Command::Plots { dir }) => match figures::write_all(&dir) {
            Ok(summaries) => ExitCode::from(summary::exit_code(&summaries)),
            Err(error) => failed(&dir, &error),
        },
        Err(message) => {
            eprintln!("rejoin: {message}\nTry `rejoin --help`.");
            ExitCode::from(2)
        }
    }
}

fn sim(options: &Sim) -> ExitCode {
    let mut summaries: Vec<Summary> = Vec::new();
    for story in options.story.stories() {
        let mut stage = Stage::new(options);
        let told = story.tell(&mut stage, options);
        if options.json {
            line(&told.summary.to_json());
        } else {
            stage.end(&told.summary);
        }
        if let Some(dir) = &options.plots
            && let Err(error) = save(dir, &told.plots)
        {
            return failed(dir, &error);
        }
        summaries.push(told.summary);
    }
    ExitCode::from(summary::exit_code(&summaries))
}

/// Writes pictures, each into a file of its name.
fn save(dir: &Path, plots: &[(String, String)]) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    plots.iter().try_for_each(|(name, svg)| fs::write(dir.join(format!("{name}.svg")), svg))
}

fn failed(dir: &Path, error: &std::io::Error) -> ExitCode {
    eprintln!("rejoin: cannot write to {}: {error}", dir.display());
    ExitCode::from(2)
}
