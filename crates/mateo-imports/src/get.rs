//! One import by its id, or many.

use std::collections::HashMap;

use mateo_model::{Import, ImportQuery, Listing, PAGE_ROWS, Page, RawJson, columns};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::client::{Client, prefer};
use crate::error::Error;
use crate::list::Reader;

impl Client {
    /// The import with this id; `None` where there is none that the key may see. One request.
    ///
    /// # Errors
    ///
    /// See [`Error`]. That the server answers 404 is an error: an import that doesn't exist is an empty answer
    /// (GRAMMAR.md, "Operators").
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, id: uuid::Uuid) -> Result<(), mateo_imports::Error> {
    /// match client.get(id).await? {
    ///     Some(import) => println!("{:?}", import.progress()),
    ///     None => println!("no such import"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, id: Uuid) -> Result<Option<Import>, Error> {
        self.get_as(id).await
    }

    /// The import with this id as the server sent it.
    ///
    /// # Errors
    ///
    /// As for [`get`](Client::get).
    pub async fn get_raw(&self, id: Uuid) -> Result<Option<RawJson>, Error> {
        self.get_as(id).await
    }

    async fn get_as<T: DeserializeOwned + 'static>(&self, id: Uuid) -> Result<Option<T>, Error> {
        let query = ImportQuery::new().filter(columns::ID.eq(id)).limit(1);
        let page = self.pipeline()?.page(&query, &prefer(false), None).await?;
        Ok(Page::<T>::read(&page.body)?.into_results().next().transpose()?)
    }

    /// The imports with these ids, in the order of the ids, `None` where there is none. It takes a request for
    /// every 50 different ids.
    ///
    /// # Errors
    ///
    /// See [`Error`]; a row that can't be read is one.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>) -> Result<(), mateo_imports::Error> {
    /// for (id, import) in ids.iter().zip(client.get_many(ids.iter().copied()).await?) {
    ///     println!("{id}: {}", import.map_or("missing".into(), |import| format!("{:?}", import.progress())));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_many(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<Option<Import>>, Error> {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut found: HashMap<Uuid, Import> = HashMap::with_capacity(ids.len());
        let rows = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        for filter in columns::ID.in_parts(&ids, rows, usize::MAX) {
            // A listing, so that a server with a smaller cap doesn't hold any back.
            let listing = Listing::new(ImportQuery::new().filter(filter));
            let mut reader = Reader::new(self.clone(), listing, None);
            while let Some(arrived) = reader.page::<Import>().await {
                for row in arrived?.page.into_results() {
                    let row = row?;
                    found.insert(row.id, row);
                }
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }
}
