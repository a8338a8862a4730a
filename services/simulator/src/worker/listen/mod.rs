//! Listening to the sources of a world: their frames and where they are in their lives, read in
//! the background. What is made of it, [`crate::protocol::sources`] says; what a message is,
//! [`reading`].

mod reading;

use std::future::poll_fn;
use std::task::Poll;

use bus::{Bus, Start};
use contract::id::RunId;
use contract::journal::Genesis;
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::reading::Reading;
use super::patiently;
use crate::protocol::journal::Closed;
use crate::protocol::sources::{News, Sources, Standing};

/// What was read of a source and waits to be taken.
const READ: usize = 4;

/// The sources of one world, and who reads them.
#[derive(Debug)]
pub(super) struct Listener {
    /// What has come so far.
    pub(super) sources: Sources,
    ears: Vec<Ear>,
    /// Ends with the listener.
    _readers: JoinSet<()>,
}

#[derive(Debug)]
struct Ear {
    place: u32,
    news: mpsc::Receiver<News>,
}

/// A world that is listened to.
#[derive(Clone, Debug)]
struct Place {
    bus: Bus,
    run: RunId,
    platform: Platform,
}

impl Listener {
    /// Of a world with these ticks in its journal.
    pub(super) fn open(bus: &Bus, genesis: &Genesis, ticks: &[Closed]) -> Listener {
        let sources = Sources::new(&genesis.options, genesis.platform, ticks);
        let next = u32::try_from(ticks.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let (mut ears, mut readers) = (Vec::new(), JoinSet::new());
        for (place, source, behind) in sources.open() {
            let (sender, news) = mpsc::channel(READ);
            let run = source.run.clone().unwrap_or_else(|| genesis.run_id.clone());
            let world = Place { bus: bus.clone(), run, platform: source.platform };
            readers.spawn(world.clone().read_frames(behind, next, sender.clone()));
            readers.spawn(world.follow_life(sender));
            ears.push(Ear { place, news });
        }
        Listener { sources, ears, _readers: readers }
    }

    /// Takes the next news of any source, once there are some. May be dropped and called again.
    pub(super) async fn listen(&mut self) {
        let Listener { sources, ears, .. } = self;
        poll_fn(|context| {
            for Ear { place, news } in ears.iter_mut() {
                if sources.has_room(*place)
                    && let Poll::Ready(Some(news)) = news.poll_recv(context)
                {
                    sources.take(*place, news);
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
    }
}

impl Place {
    /// Reads the rounds from `next` on, which stand behind the sequence `behind`.
    async fn read_frames(self, behind: u64, next: u32, news: mpsc::Sender<News>) {
        let subject = self.bus.prefix().actions(&self.run, self.platform);
        let start = if behind == 0 { Start::First } else { Start::From(behind + 1) };
        let follow = || self.bus.follow(StreamName::Actions, &subject, start);
        let mut cursor = patiently(follow).await;
        let mut reading = Reading::new(next);
        loop {
            let stored = cursor.next().await;
            if let Some(read) = reading.take(stored.sequence, &stored.body)
                && news.send(read).await.is_err()
            {
                return;
            }
        }
    }

    /// Says where the source is in its life, each time that this changes.
    async fn follow_life(self, news: mpsc::Sender<News>) {
        let subject = self.bus.prefix().env_status(&self.run);
        let follow = || self.bus.follow(StreamName::EnvStatus, &subject, Start::LastPerSubject);
        let mut cursor = patiently(follow).await;
        let mut said = None;
        loop {
            let stored = cursor.next().await;
            let Ok(status) = serde_json::from_slice::<EnvStatus>(&stored.body) else { continue };
            let Some(world) = status.platform(self.platform) else { continue };
            // How far it is counts for one that is over; else its frames say it.
            let ticks = if world.status.is_live() { 0 } else { world.ticks };
            let standing = Standing { status: world.status, ticks };
            if said == Some(standing) {
                continue;
            }
            said = Some(standing);
            if news.send(News::Standing(standing)).await.is_err() {
                return;
            }
        }
    }
}
