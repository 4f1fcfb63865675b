//! `top`: the least healthy accounts in a terminal, evaluated anew at every refresh.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use comfy_table::{presets, Cell, CellAlignment, Color, Table};
use crossterm::event::{Event, KeyCode, KeyModifiers};
use crossterm::{cursor, execute, terminal};
use plimsoll_rpc::{Error, Result};
use solana_pubkey::Pubkey;
use tokio::sync::watch;

use crate::config::Config;
use crate::keeper::{connect, preflight};
use crate::state::{Candidate, Tracker};
use crate::stream::{self, Followed, Link};
use plimsoll_risk::units::Ppm;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The account.
    pub key: Pubkey,
    /// `NAV / MMR` at spot, ppm; `u32::MAX` without a requirement.
    pub ratio_ppm: u32,
    /// NAV, dollars.
    pub nav_usd: f64,
    /// Maintenance requirement, dollars.
    pub mmr_usd: f64,
    /// Where it stands: healthy, under water, in which regime.
    pub standing: &'static str,
    /// Seconds under water on its clock, an observation now included.
    pub under_water_secs: u32,
}

/// The `most` least healthy accounts now.
pub fn rows(tracker: &mut Tracker, most: usize) -> Vec<Row> {
    let assessed = tracker.assess_hot_with_all();
    let worst = tracker.least_healthy(most);
    let row = |(id, standing): (u32, crate::state::Standing)| {
        let found = assessed.iter().find(|candidate| candidate.id == id);
        let usd = |pico: i128| pico as f64 / 1e12;
        Row {
            key: standing.key,
            ratio_ppm: standing.spot.ratio_ppm_down(Ppm::MAX).get(),
            nav_usd: usd(standing.spot.nav.get()),
            mmr_usd: usd(standing.spot.mmr().get()),
            standing: standing_of(found, standing.spot.nav.get() < 0),
            under_water_secs: found.map_or(0, |candidate| candidate.assessment.clocks.under_water_secs.stored()),
        }
    };
    worst.into_iter().map(row).collect()
}

fn standing_of(found: Option<&Candidate>, insolvent: bool) -> &'static str {
    use plimsoll_risk::auction::Regime;
    match found.map(|candidate| candidate.assessment.regime.map(|choice| choice.regime)) {
        Some(Some(_)) if insolvent => "insolvent",
        Some(Some(Regime::WindDown)) => "wind-down",
        Some(Some(Regime::Cure)) => "cure",
        // Below maintenance at spot, but not yet at the average or within the doubt of a price.
        Some(None) => "below at spot",
        None => "healthy",
    }
}

/// Columns, those first that a narrow terminal keeps.
const COLUMNS: [&str; 6] = ["account", "ratio", "standing", "NAV $", "MMR $", "under water s"];
/// So many are shown in any case: an address is not broken in two.
const LEAST_COLUMNS: usize = 3;
/// Where there is no terminal.
const USUAL_WIDTH: usize = 80;

/// The table, with as many columns as fit a width.
pub fn table(rows: &[Row], width: usize) -> Table {
    let fits = |columns: &usize| {
        // Without the marks of colours, which take no room.
        of_columns(rows, *columns).force_no_tty().lines().all(|line| line.chars().count() <= width)
    };
    of_columns(rows, (LEAST_COLUMNS..=COLUMNS.len()).rev().find(fits).unwrap_or(LEAST_COLUMNS))
}

fn of_columns(rows: &[Row], columns: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(&COLUMNS[..columns]);
    for row in rows {
        let ratio = match row.ratio_ppm {
            u32::MAX => "-".to_owned(),
            ppm => format!("{:.4}", ppm as f64 / 1e6),
        };
        let color = match row.standing {
            "healthy" if row.ratio_ppm > 1_100_000 => Color::Green,
            "healthy" | "below at spot" => Color::Yellow,
            _ => Color::Red,
        };
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let cells = [
            Cell::new(row.key),
            right(ratio).fg(color),
            Cell::new(row.standing).fg(color),
            right(format!("{:.2}", row.nav_usd)),
            right(format!("{:.2}", row.mmr_usd)),
            right(row.under_water_secs.to_string()),
        ];
        table.add_row(cells.into_iter().take(columns));
    }
    table
}

/// The table, or that there is nothing to put into it.
fn body(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no account has a debt or a position".to_owned();
    }
    let width = terminal::size().map_or(USUAL_WIDTH, |(columns, _)| columns.into());
    table(rows, width).to_string()
}

/// The whole screen: what is followed, then the table.
pub fn screen(tracker: &mut Tracker, link: &Link, most: usize) -> String {
    let rows = rows(tracker, most);
    let shared = &tracker.shared;
    let by = if link.is_live() { "WebSocket" } else { "polling" };
    let head = format!(
        "engine {}  slot {}  by {by}  heard {:.1} s ago\naccounts {}  below maintenance at spot {}  being resolved {}\n",
        shared.keys.engine,
        shared.slot,
        shared.heard_at.elapsed().as_secs_f64(),
        tracker.accounts.len(),
        tracker.hot.len(),
        tracker.bankrupt.len(),
    );
    format!("{head}{}\nq quits", body(&rows))
}

/// How `top` shows what it knows.
#[derive(Clone, Copy, Debug)]
pub struct TopOptions {
    /// Lines.
    pub rows: usize,
    /// Between two refreshes.
    pub every: Duration,
    /// Prints once and ends, for pipes.
    pub once: bool,
}

/// Follows the engine and shows the table until `q`, Ctrl-C or `stop`. Needs no key.
///
/// # Errors
/// As [`preflight`]; `Configuration` where the terminal cannot be used.
pub async fn top(config: Config, options: TopOptions, mut stop: watch::Receiver<bool>) -> Result<()> {
    let (cluster, connection) = connect(&config)?;
    let tracker = Arc::new(Mutex::new(preflight(&config, &cluster, &connection).await?));
    let link = Arc::new(Link::default());
    let followed = Followed { connection, ws_url: cluster.ws_url, engine: config.engine()? };
    let (mut updates, _streaming) =
        stream::start(followed, &config.stream, link.clone(), tracker.clone(), stop.clone());
    let _raw = (!options.once).then(RawTerminal::enter).transpose().map_err(terminal_failed)?;
    let mut refresh = tokio::time::interval(options.every);
    loop {
        tokio::select! {
            update = updates.recv() => {
                let Some(update) = update else { return Ok(()) };
                tracker.lock().unwrap_or_else(PoisonError::into_inner).apply(update);
            }
            _ = refresh.tick() => {
                let mut tracker = tracker.lock().unwrap_or_else(PoisonError::into_inner);
                if options.once {
                    if tracker.has_snapshot {
                        println!("{}", body(&rows(&mut tracker, options.rows)));
                        return Ok(());
                    }
                    continue;
                }
                show(&screen(&mut tracker, &link, options.rows)).map_err(terminal_failed)?;
                if quit_pressed().map_err(terminal_failed)? {
                    return Ok(());
                }
            }
            _ = stop.wait_for(|stopped| *stopped) => return Ok(()),
        }
    }
}

fn terminal_failed(error: std::io::Error) -> Error {
    Error::Configuration(format!("the terminal: {error}"))
}

/// The alternate screen in raw mode, given back at the end.
struct RawTerminal;

impl RawTerminal {
    fn enter() -> std::io::Result<Self> {
        terminal::enable_raw_mode()?;
        execute!(std::io::stdout(), terminal::EnterAlternateScreen, cursor::Hide)?;
        Ok(Self)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // Nothing can be done where the terminal is gone.
        let _ = execute!(std::io::stdout(), cursor::Show, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

fn show(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    execute!(out, cursor::MoveTo(0, 0), terminal::Clear(terminal::ClearType::All))?;
    // In raw mode a line feed does not return the carriage.
    out.write_all(text.replace('\n', "\r\n").as_bytes())?;
    out.flush()
}

fn quit_pressed() -> std::io::Result<bool> {
    while crossterm::event::poll(Duration::ZERO)? {
        if let Event::Key(key) = crossterm::event::read()? {
            let interrupted = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if key.code == KeyCode::Char('q') || key.code == KeyCode::Esc || interrupted {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_keeps_the_columns_that_matter_and_breaks_no_address() {
        let row = Row {
            key: Pubkey::new_from_array([7; 32]),
            ratio_ppm: 1_122_100,
            nav_usd: 50_000.0,
            mmr_usd: 14_000.0,
            standing: "below at spot",
            under_water_secs: 12,
        };
        let shown = |width: usize| table(std::slice::from_ref(&row), width).force_no_tty().to_string();
        let (wide, narrow) = (shown(120), shown(80));
        assert!(wide.contains("under water s") && wide.contains("14000.00"), "{wide}");
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
        assert!(narrow.contains(&row.key.to_string()) && narrow.contains("below at spot"), "{narrow}");
        assert!(!narrow.contains("MMR"), "{narrow}");
        assert!(shown(10).contains(&row.key.to_string()));
    }
}
