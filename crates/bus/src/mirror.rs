//! The guests' copies of streams: what is gone from ours is to be gone from them.

use contract::subject::StreamName;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Bus;
use crate::permissions::GUESTS_API;
use crate::provision::STREAM_NOT_FOUND;
use crate::roles::MIRRORED;
use crate::wire::{ApiError, NoAnswer};

impl Bus {
    /// Asks the guests' account the same as was asked of ours: what is gone is to be gone there,
    /// too. Where there are no guests nobody answers.
    pub(crate) async fn ask_copy<Question, Answer>(
        &self,
        stream: StreamName,
        verb: &str,
        question: &Question,
    ) -> Result<(), ApiError>
    where
        Question: Serialize + ?Sized,
        Answer: DeserializeOwned,
    {
        if !MIRRORED.contains(&stream) {
            return Ok(());
        }
        let subject = format!("{GUESTS_API}.{verb}.{}", self.stream_of(stream));
        match self.api_at::<_, Answer>(&subject, question).await {
            Ok(_) => Ok(()),
            Err(ApiError::NoAnswer(NoAnswer::NobodyListens(_) | NoAnswer::Denied(_))) => Ok(()),
            Err(ApiError::Refused(refusal)) if refusal.err_code == STREAM_NOT_FOUND => Ok(()),
            Err(error) => Err(error),
        }
    }
}
