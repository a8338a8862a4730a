//! What is known of a world as a whole: how far it is, its totals, and what is wrong with it.

use contract::chain::{Link, World};
use contract::id::RunId;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::keys::{integer, natural, number_of, world_of};

/// A world's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The run's number in this file.
    pub(super) run: i64,
    /// 0 Twitter, 1 Reddit.
    pub(super) platform: i64,
    /// The world's number in this file.
    pub(super) world: i64,
    /// Frames that are here: the tick that is due.
    pub(super) ticks: u32,
    /// When the last of them was, in milliseconds, but never before the one before it.
    pub(super) at: i64,
    /// Actions by class.
    pub(super) counts: [i64; 4],
    pub(super) posts: i64,
    pub(super) comments: i64,
    /// Why it does not go on, and from which tick on.
    pub(super) problem: Option<(String, u32)>,
}

impl Known {
    /// A world of which nothing is here.
    pub(super) fn new(run: i64, world: &World) -> Known {
        Known {
            run,
            platform: number_of(world.platform),
            world: world_of(run, world.platform),
            ticks: 0,
            at: i64::MIN,
            counts: [0; 4],
            posts: 0,
            comments: 0,
            problem: None,
        }
    }

    /// What is here of a world, if anything is.
    pub(super) fn load(rows: &Connection, world: &World) -> rusqlite::Result<Option<Known>> {
        let Some(run) = number_of_run(rows, &world.run_id)? else { return Ok(None) };
        let blank = Known::new(run, world);
        let query = "SELECT ticks, n0, n1, n2, n3, posts, comments, problem, problem_tick \
                     FROM world WHERE world = ?1";
        let mut query = rows.prepare_cached(query)?;
        let found = query.query_row([blank.world], |row| read(&blank, row)).optional()?;
        let Some(found) = found else { return Ok(None) };
        let at = "SELECT at FROM frame WHERE world = ?1 AND tick = ?2 - 1";
        let mut at = rows.prepare_cached(at)?;
        let at = at.query_row(params![found.world, found.ticks], |row| row.get(0)).optional()?;
        Ok(Some(Known { at: at.unwrap_or(i64::MIN), ..found }))
    }

    /// The same, or what a world has that begins.
    pub(super) fn load_or_new(rows: &Connection, world: &World) -> rusqlite::Result<Known> {
        if let Some(known) = Known::load(rows, world)? {
            return Ok(known);
        }
        let insert = "INSERT INTO run(name) VALUES (?1) ON CONFLICT DO NOTHING";
        rows.prepare_cached(insert)?.execute([world.run_id.as_str()])?;
        let run =
            number_of_run(rows, &world.run_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Known::new(run, world))
    }

    pub(super) fn save(&self, rows: &Connection) -> rusqlite::Result<()> {
        let [n0, n1, n2, n3] = self.counts;
        let (problem, tick) = self.problem.clone().unzip();
        let row = "REPLACE INTO world VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        rows.prepare_cached(row)?.execute(params![
            self.world,
            self.ticks,
            n0,
            n1,
            n2,
            n3,
            self.posts,
            self.comments,
            problem,
            tick
        ])?;
        Ok(())
    }

    /// The frame of `tick`, if it is here, as the next one must continue it.
    pub(super) fn link(&self, rows: &Connection, tick: u32) -> rusqlite::Result<Option<Link>> {
        let query = "SELECT next_seq, digest FROM frame WHERE world = ?1 AND tick = ?2";
        let read = |row: &Row<'_>| {
            let digest = row.get_ref(1)?.as_str()?.parse();
            let digest = digest.map_err(|_| rusqlite::Error::InvalidQuery)?;
            Ok(Link { tick, next_seq: natural(row.get(0)?), digest })
        };
        rows.prepare_cached(query)?.query_row(params![self.world, tick], read).optional()
    }

    /// How many actions are here, by class.
    pub(super) fn totals(&self) -> [u64; 4] {
        self.counts.map(natural)
    }
}

/// The number of a run in this file.
pub(super) fn number_of_run(rows: &Connection, run: &RunId) -> rusqlite::Result<Option<i64>> {
    let mut query = rows.prepare_cached("SELECT run FROM run WHERE name = ?1")?;
    query.query_row([run.as_str()], |row| row.get(0)).optional()
}

fn read(blank: &Known, row: &Row<'_>) -> rusqlite::Result<Known> {
    let problem = row.get::<_, Option<String>>(7)?;
    Ok(Known {
        ticks: row.get(0)?,
        counts: [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?],
        posts: row.get(5)?,
        comments: row.get(6)?,
        problem: problem.zip(row.get(8)?),
        ..blank.clone()
    })
}

/// How far the stream was read.
pub(super) fn save_place(
    rows: &Connection,
    stream: &str,
    place: bus::Position,
) -> rusqlite::Result<()> {
    let row = "REPLACE INTO place VALUES (1, ?1, ?2, ?3)";
    let values = params![stream, integer(place.sequence), place.at.milliseconds()];
    rows.prepare_cached(row)?.execute(values)?;
    Ok(())
}
