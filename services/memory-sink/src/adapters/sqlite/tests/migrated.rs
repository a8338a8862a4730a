//! Files of older versions.

use serde_json::json;

use super::drawn::{ADA, BEN, edges, follow, nodes, told};
use super::*;

/// Writes a batch as version 1 did.
fn write_1(path: &std::path::Path, batches: &[EpisodeBatch]) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("schema_1.sql")).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    connection
        .execute("INSERT INTO graph VALUES (1, 'g', 'g', NULL, '2026-01-01T00:00:00.000Z')", [])
        .unwrap();
    for batch in batches {
        for episode in &batch.episodes {
            connection
                .execute(
                    "INSERT INTO episode (uuid, graph, action_id, stream_seq, run, platform,
                        round, agent_key, agent_name, action, body_json, text, ref_time, created_at)
                     VALUES (?1, 1, ?2, 9, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
                        '2026-01-02T00:00:00.000Z')",
                    params![
                        uuid("g", &episode.action_id),
                        episode.action_id,
                        episode.run_id.as_str(),
                        episode.platform.as_str(),
                        episode.round,
                        format!("agent:{}", episode.agent_id),
                        episode.agent_name,
                        episode.action_type,
                        serde_json::to_string(&episode.body).unwrap(),
                        episode.text,
                        episode.simulated_time.to_string(),
                    ],
                )
                .unwrap();
        }
        let (run, platform) = (batch.world.run_id.as_str(), batch.world.platform.as_str());
        connection
            .execute("INSERT INTO target VALUES (?1, ?2, 'local', 1)", params![run, platform])
            .unwrap();
        connection
            .execute(
                "INSERT INTO episode_total VALUES (1, ?1, ?2, 'FOLLOW', 99, 1, 'x')",
                params![run, platform],
            )
            .unwrap();
    }
}

fn batches() -> Vec<EpisodeBatch> {
    let rows = [
        (ADA, "CREATE_POST", json!({"content": "Pier 9 closes", "post_id": 1})),
        (BEN, "FOLLOW", follow(0)),
        (BEN, "UNFOLLOW", follow(0)),
    ];
    ["market-1.twitter", "market-1.reddit"].map(|world| told(world, 1, &rows)).into()
}

#[tokio::test]
async fn a_file_of_version_1_becomes_what_it_would_have_been() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_1(&old.path().join(FILE_NAME), &batches());
    let (migrated, fresh) = (open(&old), open(&new));
    for batch in batches() {
        fresh.remember(&batch).await.unwrap();
    }
    assert_eq!(all(&migrated, "g").await, all(&fresh, "g").await);
    let untimed = |edges: Vec<contract::memory::GraphEdge>| {
        let at = edges[0].created_at;
        let untime = |edge: contract::memory::GraphEdge| {
            let expired_at = edge.expired_at.map(|_| at);
            contract::memory::GraphEdge { created_at: at, expired_at, ..edge }
        };
        (at, edges.into_iter().map(untime).collect::<Vec<_>>())
    };
    let (at, mut drawn) = untimed(edges(&migrated).await);
    // It was learnt when it was remembered, not when it was drawn.
    assert_eq!(at.to_string(), "2026-01-02T00:00:00.000Z");
    let (now, expected) = untimed(edges(&fresh).await);
    for edge in &mut drawn {
        (edge.created_at, edge.expired_at) = (now, edge.expired_at.map(|_| now));
    }
    assert_eq!(drawn, expected);
    let names = |nodes: Vec<contract::memory::GraphNode>| {
        nodes.into_iter().map(|node| (node.uuid, node.summary)).collect::<Vec<_>>()
    };
    assert_eq!(names(nodes(&migrated, None).await), names(nodes(&fresh, None).await));
    let scope = Scope::Graph("g".to_owned());
    let totals = migrated.totals(scope.clone()).await;
    assert_eq!(totals, fresh.totals(scope).await);
    assert_eq!(found(&migrated, None, "Pier").await.len(), 2);
    // What was known before is known still.
    for batch in batches() {
        assert_eq!(migrated.remember(&batch).await, Ok(Receipt::AlreadyThere));
    }
    drop(migrated);
    assert_eq!(edges(&open(&old)).await.len(), 4);
}

#[tokio::test]
async fn a_file_that_cannot_be_brought_up_to_date_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    write_1(&path, &batches());
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE episode SET body_json = 'x' WHERE id = 5", []).unwrap();
    drop(connection);
    let error = SqliteMemory::open(folder.path(), "local", "SIM_ACTIONS").unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error}");
    let connection = Connection::open(&path).unwrap();
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let episodes: i64 =
        connection.query_row("SELECT count(*) FROM episode", [], |row| row.get(0)).unwrap();
    assert_eq!((version, episodes), (1, 6));
}
