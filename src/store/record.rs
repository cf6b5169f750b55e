/// Makes a struct of stores a store: a record of fields that merge each on its own.
///
/// ```
/// use rejoin::{Causal, Counter, Lattice, Lww, OrSet, Writer, record};
///
/// record! {
///     /// A customer's cart.
///     #[derive(Debug, PartialEq)]
///     pub struct Cart {
///         /// What is in it.
///         pub items: OrSet<String>,
///         pub note: Lww<String>,
///         pub visits: Counter,
///     }
/// }
///
/// let mut phone = Writer::<Causal<Cart>>::new();
/// let mut laptop = Writer::<Causal<Cart>>::new();
/// phone.edit(|cart| {
///     cart.items.insert("milk".into());
///     cart.visits.add(1);
/// });
/// laptop.edit(|cart| {
///     cart.note.set("ring twice".into());
///     cart.visits.add(1);
/// });
///
/// phone.join_ref(laptop.state());
/// assert_eq!(phone.visits.get(), 2);
/// assert_eq!(phone.note.get().map(String::as_str), Some("ring twice"));
/// ```
///
/// The struct is as you wrote it, with `Clone` and `Default`. In a transaction there is a handle per field, of the
/// same name and visibility.
///
/// * Fields are causal types of this crate, [`Newtype`](crate::Newtype)s of yours, or other records; a record may
///   contain itself by way of a map.
/// * Generics have their bounds on the struct, as names: `struct Tagged<T: Ord + Clone>`; a `where` clause may follow.
/// * Derives and attributes go to the struct, but for `derive(Serialize, Deserialize)`, which goes to what travels: the
///   fields that changed, by name. `#[serde(rename = "...")]` on a field gives it another name there. `Debug`,
///   `PartialEq` and `Eq` go to both. All of them may be under `cfg_attr`.
/// * As a [`Map`](crate::Map) value a record is present as long as any of its fields is.
///
/// # Changing a record later
///
/// *Adding* a field is safe for old data: what lacks it decodes as empty. New code and old code go on exchanging what
/// both know, because only fields that changed travel. What brings a field that the receiver does not know is refused
/// whole, because taking in its events without what they wrote would read as a removal. So: give the new code to all
/// replicas before one of them *writes* the new field. *Renaming* a field is `#[serde(rename = "...")]` with its old name.
/// *Removing* one, or changing its type, is a change of format: write a new record.
///
/// A record that contains itself is read back up to a depth of 64 records, by serde as by our own format. Some formats of
/// serde stop earlier: `serde_json` at some 40.
///
/// # Errors at compile time
///
/// A field that cannot be merged by dots is refused by name:
///
/// ```compile_fail
/// rejoin::record! {
///     struct Cart {
///         likes: rejoin::GCounter, // a plain lattice: use `Counter`
///     }
/// }
/// ```
///
/// So is anything but a struct with named fields:
///
/// ```compile_fail
/// rejoin::record! { enum Cart { Empty } }
/// ```
///
/// ```compile_fail
/// rejoin::record! { struct Pair(rejoin::Counter, rejoin::Counter); }
/// ```
#[macro_export]
macro_rules! record {
    ($($record:tt)*) => {
        $crate::__record! { @attributes { [] [] [] } $($record)* }
    };
}

/// The steps of [`record!`]. First the attributes are dealt out: to the struct, to what travels, to both; then the
/// fields are read, one by one; then everything is written.
#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    (@attributes { $state:tt $change:tt $both:tt }) => {};

    // Derives, one by one, each under its condition: to the struct, to what travels, or to both.
    (@attributes $dealt:tt #[derive($($derives:tt)*)] $($rest:tt)*) => {
        $crate::__record! { @derives $dealt [all()] [$($derives)*] $($rest)* }
    };
    (@attributes $dealt:tt #[cfg_attr($on:meta, derive($($derives:tt)*))] $($rest:tt)*) => {
        $crate::__record! { @derives $dealt [$on] [$($derives)*] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [] $($rest:tt)*) => {
        $crate::__record! { @attributes $dealt $($rest)* }
    };
    (@derives $dealt:tt $on:tt [Clone $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @derives $dealt $on [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [Default $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @derives $dealt $on [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [Debug $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @both $dealt $on [Debug] [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [PartialEq $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @both $dealt $on [PartialEq] [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [Eq $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @both $dealt $on [Eq] [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [Serialize $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @face $dealt $on serialize [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [serde::Serialize $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @face $dealt $on serialize [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [Deserialize $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @face $dealt $on deserialize [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [serde::Deserialize $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @face $dealt $on deserialize [$($($more)*)?] $($rest)* }
    };
    (@derives $dealt:tt $on:tt [Codec $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! { @face $dealt $on codec [$($($more)*)?] $($rest)* }
    };
    (@derives { [$($s:tt)*] $c:tt $b:tt } [$on:meta] [$other:path $(, $($more:tt)*)?] $($rest:tt)*) => {
        $crate::__record! {
            @derives { [$($s)* #[cfg_attr($on, derive($other))]] $c $b } [$on] [$($($more)*)?] $($rest)*
        }
    };
    (@both { $s:tt $c:tt [$($b:tt)*] } [$on:meta] [$derive:path] $more:tt $($rest:tt)*) => {
        $crate::__record! { @derives { $s $c [$($b)* #[cfg_attr($on, derive($derive))]] } [$on] $more $($rest)* }
    };
    (@face { $s:tt [$($c:tt)*] $b:tt } [$on:meta] $face:ident $more:tt $($rest:tt)*) => {
        $crate::__record! { @derives { $s [$($c)* [$face $on]] $b } [$on] $more $($rest)* }
    };

    // Other attributes.
    (@attributes $dealt:tt #[serde $($attribute:tt)*] $($rest:tt)*) => {
        compile_error!("of serde's attributes, `record!` knows `#[serde(rename = \"...\")]` on fields");
    };
    (@attributes { [$($s:tt)*] $c:tt $b:tt } #[$($attribute:tt)*] $($rest:tt)*) => {
        $crate::__record! { @attributes { [$($s)* #[$($attribute)*]] $c $b } $($rest)* }
    };

    // The head of the struct.
    (@attributes $dealt:tt $vis:vis struct $name:ident
        $(< $($param:ident $(: $bound:tt $(+ $bounds:tt)*)?),+ $(,)? >)?
        $(where $($subject:ty : $must:tt $(+ $musts:tt)*),+ $(,)?)?
        { $($fields:tt)* } $($rest:tt)*
    ) => {
        $crate::__record! {
            @fields { $dealt $vis $name
                [$($($param),+)?] [$($($param $(: $bound $(+ $bounds)*)?),+)?] [$($($subject : $must $(+ $musts)*),+)?] }
            [] [] [] $($fields)*
        }
        $crate::__record! { @attributes { [] [] [] } $($rest)* }
    };
    (@attributes $dealt:tt $($other:tt)+) => {
        compile_error!("`record!` takes structs with named fields, each of which is a store");
    };

    // A field: its attributes, then itself.
    (@fields $head:tt $done:tt [$($s:tt)*] [$($c:tt)*] #[serde $($attribute:tt)*] $($rest:tt)*) => {
        $crate::__record! { @fields $head $done [$($s)*] [$($c)* #[serde $($attribute)*]] $($rest)* }
    };
    (@fields $head:tt $done:tt [$($s:tt)*] [$($c:tt)*] #[cfg_attr($on:meta, serde $($attribute:tt)*)] $($rest:tt)*) => {
        $crate::__record! { @fields $head $done [$($s)*] [$($c)* #[cfg_attr($on, serde $($attribute)*)]] $($rest)* }
    };
    (@fields $head:tt $done:tt [$($s:tt)*] [$($c:tt)*] #[$($attribute:tt)*] $($rest:tt)*) => {
        $crate::__record! { @fields $head $done [$($s)* #[$($attribute)*]] [$($c)*] $($rest)* }
    };
    (@fields $head:tt [$($done:tt)*] $s:tt $c:tt $vis:vis $field:ident : $store:ty $(, $($rest:tt)*)?) => {
        $crate::__record! { @fields $head [$($done)* { $s $c [$vis] $field [$store] }] [] [] $($($rest)*)? }
    };
    (@fields
        { { [$($state:tt)*] [$($faces:tt)*] [$($both:tt)*] } $vis:vis $name:ident
            [$($param:ident),*] [$($bounded:tt)*] [$($must:tt)*] }
        [$({ [$($s:tt)*] [$($c:tt)*] [$fvis:vis] $field:ident [$store:ty] })*] [] []
    ) => {
        $($both)* $($state)*
        $vis struct $name<$($bounded)*> where $($must)* {
            $($($s)* $fvis $field: $store,)*
        }

        #[allow(
            missing_docs,
            missing_debug_implementations,
            unreachable_pub,
            unused_qualifications,
            clippy::all,
            clippy::pedantic,
            reason = "written by a macro"
        )]
        const _: () = {
            /// First of all, so that a field that is no store is the first error, and the one that points at it.
            #[allow(dead_code, reason = "only to be compiled")]
            impl<$($bounded)*> $name<$($param),*> where $($must)* {
                fn __fields_are_stores() {
                    fn store<S: $crate::store::Store>() {}
                    $(store::<$store>();)*
                }
            }

            impl<$($bounded)*> ::core::clone::Clone for $name<$($param),*> where $($must)* {
                fn clone(&self) -> Self {
                    $name { $($field: ::core::clone::Clone::clone(&self.$field),)* }
                }
            }

            impl<$($bounded)*> ::core::default::Default for $name<$($param),*> where $($must)* {
                fn default() -> Self {
                    $name { $($field: ::core::default::Default::default(),)* }
                }
            }

            /// What transactions changed in a record, field by field.
            $($both)*
            pub struct RecordChange<$($bounded)*> where $($must)* {
                $($field: <$store as $crate::store::Editable>::Change,)*
            }

            impl<$($bounded)*> ::core::clone::Clone for RecordChange<$($param),*> where $($must)* {
                fn clone(&self) -> Self {
                    RecordChange { $($field: ::core::clone::Clone::clone(&self.$field),)* }
                }
            }

            impl<$($bounded)*> ::core::default::Default for RecordChange<$($param),*> where $($must)* {
                fn default() -> Self {
                    RecordChange { $($field: ::core::default::Default::default(),)* }
                }
            }

            impl<$($bounded)*> $crate::store::Change for RecordChange<$($param),*> where $($must)* {
                fn union(&mut self, other: Self) {
                    $($crate::store::Change::union(&mut self.$field, other.$field);)*
                }

                fn is_empty(&self) -> bool {
                    true $(&& $crate::store::Change::is_empty(&self.$field))*
                }

                fn is_solid(&self) -> bool {
                    !$crate::store::Change::is_empty(self) $(&& (
                        $crate::store::Change::is_empty(&self.$field)
                            || $crate::store::Change::is_solid(&self.$field)
                    ))*
                }

                fn append(&mut self, other: Self) {
                    $($crate::store::Change::append(&mut self.$field, other.$field);)*
                }

                fn forget(&mut self) {
                    $($crate::store::Change::forget(&mut self.$field);)*
                }

                const IS_FLAT: bool = false;

                fn depth(&self) -> ::core::primitive::u32 {
                    let deepest: ::core::primitive::u32 = 0;
                    $(let deepest = ::core::cmp::Ord::max(deepest, $crate::store::Change::depth(&self.$field));)*
                    1 + deepest
                }

                fn select(&self, wanted: &dyn ::core::ops::Fn($crate::Dot) -> bool) -> Self {
                    RecordChange { $($field: $crate::store::Change::select(&self.$field, wanted),)* }
                }

                fn visit(&self, visit: &mut dyn ::core::ops::FnMut($crate::Dot, bool, &[$crate::Dot])) {
                    $($crate::store::Change::visit(&self.$field, visit);)*
                }
            }

            $crate::__record! {
                @faces [$($faces)*] [$name] [$($param),*] [$($bounded)*] [$($must)*] [$({ $field [$($c)*] [$store] })*]
            }

            /// Handles on the fields of a record.
            pub struct RecordEdit<'edit, $($bounded)*> where $($param: 'edit,)* $($must)* {
                /// Uses the lifetime even if there are no fields.
                __edit: ::core::marker::PhantomData<&'edit mut ()>,
                $(
                    /// The handle on the field of this name.
                    $fvis $field: <$store as $crate::store::Editable>::Edit<'edit>,
                )*
            }

            impl<$($bounded)*> $crate::store::Editable for $name<$($param),*> where $($must)* {
                type Change = RecordChange<$($param),*>;
                type Edit<'edit> = RecordEdit<'edit, $($param),*> where Self: 'edit;

                fn edit<'edit>(
                    &'edit mut self,
                    change: &'edit mut Self::Change,
                    pen: &'edit $crate::store::Pen<'edit>,
                ) -> Self::Edit<'edit> {
                    RecordEdit {
                        __edit: ::core::marker::PhantomData,
                        $($field: $crate::store::Editable::edit(&mut self.$field, &mut change.$field, pen),)*
                    }
                }
            }

            impl<$($bounded)*> $crate::store::Store for $name<$($param),*> where $($must)* {
                fn is_empty(&self) -> bool {
                    true $(&& $crate::store::Store::is_empty(&self.$field))*
                }

                fn is_present(&self) -> bool {
                    false $(|| $crate::store::Store::is_present(&self.$field))*
                }

                fn clear(&mut self, change: &mut Self::Change, pen: &$crate::store::Pen<'_>) {
                    $($crate::store::Store::clear(&mut self.$field, &mut change.$field, pen);)*
                }

                fn apply(&mut self, change: Self::Change, receipt: &mut $crate::store::Receipt<'_>) {
                    $($crate::store::Store::apply(&mut self.$field, change.$field, receipt);)*
                }

                fn merge(&mut self, other: $crate::__private::Cow<'_, Self>, meeting: &$crate::store::Meeting<'_>) {
                    match other {
                        $crate::__private::Cow::Borrowed(other) => {
                            $($crate::store::Store::merge(&mut self.$field, $crate::__private::Cow::Borrowed(&other.$field), meeting);)*
                        }
                        $crate::__private::Cow::Owned(other) => {
                            $($crate::store::Store::merge(&mut self.$field, $crate::__private::Cow::Owned(other.$field), meeting);)*
                        }
                    }
                }

                fn same(&self, other: &Self, naming: &$crate::store::Naming) -> bool {
                    true $(&& $crate::store::Store::same(&self.$field, &other.$field, naming))*
                }

                fn export(
                    &self,
                    names: &$crate::causality::Names,
                    wanted: &$crate::store::Selection<'_>,
                ) -> Self::Change {
                    RecordChange { $($field: $crate::store::Store::export(&self.$field, names, wanted),)* }
                }

                fn prune(&mut self, gone: &$crate::store::Selection<'_>) {
                    $($crate::store::Store::prune(&mut self.$field, gone);)*
                }

                #[allow(unused_variables, reason = "a record may have no fields")]
                fn settle(&mut self, settling: &$crate::store::Settling) {
                    $($crate::store::Store::settle(&mut self.$field, settling);)*
                }

                fn undo(&mut self, change: &mut Self::Change, pen: &$crate::store::Pen<'_>) {
                    $($crate::store::Store::undo(&mut self.$field, &mut change.$field, pen);)*
                }

                fn tidy(&mut self, change: &mut Self::Change, pen: &$crate::store::Pen<'_>) {
                    $($crate::store::Store::tidy(&mut self.$field, &mut change.$field, pen);)*
                }
            }
        };
    };

    // What travels: the fields that changed, by name.
    (@faces [] $($record:tt)*) => {};
    (@faces [[serialize $on:meta] $($faces:tt)*]
        [$name:ident] [$($param:ident),*] [$($bounded:tt)*] [$($must:tt)*] [$({ $field:ident [$($c:tt)*] $store:tt })*]
    ) => {
        #[cfg($on)]
        impl<$($bounded)*> $crate::__private::serde::Serialize for RecordChange<$($param),*>
        where $($param: $crate::__private::serde::Serialize,)* $($must)*
        {
            fn serialize<Z: $crate::__private::serde::Serializer>(
                &self,
                serializer: Z,
            ) -> ::core::result::Result<Z::Ok, Z::Error> {
                use $crate::__private::serde::ser::SerializeMap;
                let changed = 0 $(+ ::core::primitive::usize::from(!$crate::store::Change::is_empty(&self.$field)))*;
                #[allow(unused_mut, reason = "a record may have no fields")]
                let mut map = serializer.serialize_map(::core::option::Option::Some(changed))?;
                $(
                    if !$crate::store::Change::is_empty(&self.$field) {
                        map.serialize_entry($crate::__record! { @name $field [$($c)*] }, &self.$field)?;
                    }
                )*
                map.end()
            }
        }
        $crate::__record! {
            @faces [$($faces)*] [$name] [$($param),*] [$($bounded)*] [$($must)*] [$({ $field [$($c)*] $store })*]
        }
    };
    (@faces [[deserialize $on:meta] $($faces:tt)*]
        [$name:ident] [$($param:ident),*] [$($bounded:tt)*] [$($must:tt)*] [$({ $field:ident [$($c:tt)*] $store:tt })*]
    ) => {
        #[cfg($on)]
        impl<'de, $($bounded)*> $crate::__private::ReadFields<'de> for RecordChange<$($param),*>
        where $($param: $crate::__private::serde::Deserialize<'de>,)* $($must)*
        {
            const NAMES: &'static [&'static ::core::primitive::str] =
                &[$($crate::__record! { @name $field [$($c)*] }),*];

            #[allow(unused_variables, reason = "a record may have no fields")]
            fn read<A: $crate::__private::serde::de::MapAccess<'de>>(
                &mut self,
                name: &::core::primitive::str,
                map: &mut A,
                records: ::core::primitive::u32,
            ) -> ::core::result::Result<(), A::Error> {
                $(
                    if name == $crate::__record! { @name $field [$($c)*] } {
                        self.$field = map.next_value_seed($crate::__private::Within::new(records))?;
                    }
                )*
                ::core::result::Result::Ok(())
            }
        }

        #[cfg($on)]
        impl<'de, $($bounded)*> $crate::__private::serde::Deserialize<'de> for RecordChange<$($param),*>
        where $($param: $crate::__private::serde::Deserialize<'de>,)* $($must)*
        {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::__private::read_whole(deserializer)
            }
        }
        $crate::__record! {
            @faces [$($faces)*] [$name] [$($param),*] [$($bounded)*] [$($must)*] [$({ $field [$($c)*] $store })*]
        }
    };
    (@faces [[codec $on:meta] $($faces:tt)*]
        [$name:ident] [$($param:ident),*] [$($bounded:tt)*] [$($must:tt)*] [$({ $field:ident [$($c:tt)*] [$store:ty] })*]
    ) => {
        #[cfg($on)]
        impl<$($bounded)*> $name<$($param),*> where $($must)* {
            fn __fields() -> $crate::__private::Vec<$crate::codec::record::Field<Self>> {
                $crate::__private::Vec::from([$($crate::codec::record::Field::<Self> {
                    name: $crate::__record! { @name $field [$($c)*] },
                    shape: <$store as $crate::codec::Columns>::shape,
                    is_empty: |record| $crate::store::Store::is_empty(&record.$field),
                    write: |records, writer| {
                        let column: $crate::__private::Vec<_> = records.iter().map(|record| &record.$field).collect();
                        <$store as $crate::codec::Columns>::write_column(&column, writer);
                    },
                    read: |records, reader| {
                        let (n, mut records) = (records.len(), records.iter_mut());
                        <$store as $crate::codec::Columns>::read_column(n, reader, &mut |field| {
                            records.next().expect("a field for each record").$field = field;
                        })
                    },
                }),*])
            }
        }

        #[cfg($on)]
        impl<$($bounded)*> RecordChange<$($param),*> where $($must)* {
            fn __fields() -> $crate::__private::Vec<$crate::codec::record::Field<Self>> {
                $crate::__private::Vec::from([$($crate::codec::record::Field::<Self> {
                    name: $crate::__record! { @name $field [$($c)*] },
                    shape: <$store as $crate::codec::Columns>::shape,
                    is_empty: |record| $crate::store::Change::is_empty(&record.$field),
                    write: |records, writer| {
                        let column: $crate::__private::Vec<_> = records.iter().map(|record| &record.$field).collect();
                        <$store as $crate::codec::Columns>::write_changes(&column, writer);
                    },
                    read: |records, reader| {
                        let (n, mut records) = (records.len(), records.iter_mut());
                        <$store as $crate::codec::Columns>::read_changes(n, reader, &mut |field| {
                            records.next().expect("a field for each record").$field = field;
                        })
                    },
                }),*])
            }
        }

        #[cfg($on)]
        impl<$($bounded)*> $crate::codec::Columns for $name<$($param),*> where $($must)* {
            fn shape(shape: &mut $crate::codec::Shape) {
                $crate::codec::record::shape(shape);
            }

            fn write_column(records: &[&Self], writer: &mut $crate::codec::FactWriter<'_, '_>) {
                $crate::codec::record::write(records, &Self::__fields(), writer);
            }

            fn read_column(
                n: ::core::primitive::usize,
                reader: &mut $crate::codec::FactReader<'_, '_>,
                take: &mut dyn ::core::ops::FnMut(Self),
            ) -> ::core::result::Result<(), $crate::codec::DecodeError> {
                $crate::codec::record::read(n, &Self::__fields(), reader, take)
            }

            fn write_changes(records: &[&Self::Change], writer: &mut $crate::codec::FactWriter<'_, '_>) {
                $crate::codec::record::write(records, &<Self::Change>::__fields(), writer);
            }

            fn read_changes(
                n: ::core::primitive::usize,
                reader: &mut $crate::codec::FactReader<'_, '_>,
                take: &mut dyn ::core::ops::FnMut(Self::Change),
            ) -> ::core::result::Result<(), $crate::codec::DecodeError> {
                $crate::codec::record::read(n, &<Self::Change>::__fields(), reader, take)
            }

            #[allow(unused_variables, reason = "a record may have no fields")]
            fn write_event(change: &Self::Change, out: &mut $crate::codec::Output<'_>) {
                out.enter();
                $(
                    if !$crate::store::Change::is_empty(&change.$field) {
                        $crate::codec::record::write_field(
                            $crate::__record! { @name $field [$($c)*] },
                            <$store as $crate::codec::Columns>::shape,
                            out,
                        );
                        <$store as $crate::codec::Columns>::write_event(&change.$field, out);
                    }
                )*
                out.leave();
            }

            #[allow(unused_variables, unused_mut, reason = "a record may have no fields")]
            fn read_event(
                dot: $crate::Dot,
                input: &mut $crate::codec::Input<'_>,
            ) -> ::core::result::Result<Self::Change, $crate::codec::DecodeError> {
                input.enter()?;
                let mut change = <Self::Change as ::core::default::Default>::default();
                let name = $crate::codec::record::read_field(
                    [$((
                        $crate::__record! { @name $field [$($c)*] },
                        <$store as $crate::codec::Columns>::shape as fn(&mut $crate::codec::Shape),
                    )),*].into_iter(),
                    input,
                )?;
                $(
                    if name == $crate::__record! { @name $field [$($c)*] } {
                        change.$field = <$store as $crate::codec::Columns>::read_event(dot, input)?;
                    }
                )*
                input.leave();
                ::core::result::Result::Ok(change)
            }

            fn list_facts(&self, list: &mut $crate::codec::FactList) {
                $($crate::codec::Columns::list_facts(&self.$field, list);)*
            }
        }
        $crate::__record! {
            @faces [$($faces)*] [$name] [$($param),*] [$($bounded)*] [$($must)*] [$({ $field [$($c)*] [$store] })*]
        }
    };
    (@name $field:ident []) => { ::core::stringify!($field) };
    (@name $field:ident [#[serde(rename = $name:literal)]]) => { $name };
    (@name $field:ident [#[cfg_attr($on:meta, serde(rename = $name:literal))]]) => { $name };
    (@name $field:ident [$($other:tt)*]) => {
        compile_error!("of serde's attributes, `record!` knows `#[serde(rename = \"...\")]` on fields")
    };

    (@fields $($other:tt)*) => {
        compile_error!("`record!` takes structs with named fields, each of which is a store");
    };
}
