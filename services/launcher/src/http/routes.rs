//! Routes as a list, beside the router that is made of them: a router does not tell what it has,
//! and the document of the edge is held to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use crate::http::App;

/// Routes: what is asked at which path, and who answers.
pub(super) struct Routes {
    /// Method and path of each, as the document has them.
    pub(super) list: BTreeSet<(String, String)>,
    pub(super) router: Router<Arc<App>>,
}

impl Routes {
    pub(super) fn new() -> Routes {
        Routes { list: BTreeSet::new(), router: Router::new() }
    }

    /// `GET path`, and HEAD with it.
    pub(super) fn get<H, T>(self, path: &str, handler: H) -> Routes
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.on(&[Method::GET], path, handler)
    }

    /// `POST path`.
    pub(super) fn post<H, T>(self, path: &str, handler: H) -> Routes
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.on(&[Method::POST], path, handler)
    }

    /// Any of these methods of the standard, and `path`.
    pub(super) fn on<H, T>(mut self, methods: &[Method], path: &str, handler: H) -> Routes
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        // A document has no word for a parameter that takes the rest of a path.
        let documented = path.replace("{*", "{");
        let filters = methods.iter().map(|method| {
            self.list.insert((method.as_str().to_ascii_lowercase(), documented.clone()));
            let filter = MethodFilter::try_from(method.clone());
            filter.expect("routes are of methods of the standard")
        });
        let router = match filters.reduce(MethodFilter::or) {
            Some(filter) => self.router.route(path, on(filter, handler)),
            None => self.router,
        };
        Routes { list: self.list, router }
    }

    /// These and those.
    pub(super) fn merge(mut self, other: Routes) -> Routes {
        self.list.extend(other.list);
        Routes { list: self.list, router: self.router.merge(other.router) }
    }
}
