//! Lists as Python writes them, in the two columns of a sound `twitter_profiles.csv`.

#![no_main]

use intake::Files;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::folder;

fuzz_target!(|cell: &str| {
    let cell = format!("\"{}\"", cell.replace('"', "\"\""));
    for (followees, posts) in [(cell.as_str(), "[]"), ("[]", cell.as_str())] {
        let csv = format!(
            "name,username,user_char,description,following_agentid_list,previous_tweets\n\
             Ada,ada,Sells lanterns.,Lanterns!,{followees},{posts}\n\
             Ben,ben,Runs the ferry.,Ferries!,[0],['All aboard']\n"
        );
        let twitter_profiles = Some(csv.into_bytes());
        folder::take_in(&Files { twitter_profiles, ..folder::sound() });
    }
});
