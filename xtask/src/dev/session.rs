//! The session: carries out what the machine decides, and tells it what happens. One loop in one thread; everything
//! else (watcher, builds, processes, browsers, keys, signals) only sends events.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::ansi::{Colour, Target};
use super::browser;
use super::builder::{self, Building, Progress};
use super::channel::{Channel, Editor, Holding};
use super::child::{self, Child, Launch, Part};
use super::companions::Companions;
use super::dashboard::View;
use super::jobs::Jobs;
use super::keys::Keys;
use super::listen::{self, Listening};
use super::machine::{Action, Machine};
use super::model::{Built, ChildId, Event, Life, Message, Request, Status, Timer};
use super::screen::{Outputs, Screen};
use super::watch::{self, Watcher};
use crate::app::{self, Binary, Freshness};
use crate::commands::{self, Prepared};
use crate::plan::{Role, Step};
use crate::process::Ended;
use crate::project::Project;
use crate::serve::Options;

/// How long it waits when nothing is due: for ever, as it were.
const IDLE: Duration = Duration::from_secs(3600);

/// Serves until it is told to end, and gives the exit code.
///
/// # Errors
/// When the socket cannot be bound, or the files cannot be watched.
pub(super) fn run(project: &Project, options: &Options, beside: Vec<Arc<str>>) -> anyhow::Result<u8> {
    let (events, inbox) = channel();
    let at_terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    let coloured = at_terminal && Colour::Auto.of(Target::Terminal, &project.variables);
    let options = &if coloured { options.clone().coloured() } else { options.clone() };
    let mut session = Session::new(project, options, beside, events)?;
    let fresh = match app::freshness(project) {
        Freshness::Fresh => Some(project.app_binary()),
        Freshness::Stale => None,
    };
    let actions = session.machine.begin(fresh);
    session.carry_out(actions)?;
    session.follow(&inbox)
}

struct Session<'a> {
    project: &'a Project,
    options: &'a Options,
    events: Sender<Event>,
    machine: Machine,
    /// The socket; closed when all is about to end, so that nobody is left waiting for an answer.
    listener: Option<TcpListener>,
    url: String,
    host: String,
    channel: Channel,
    /// Answers on the socket while no process of the app does.
    holding: Option<Holding>,
    screen: Screen,
    _keys: Keys,
    _watcher: Watcher,
    building: Option<Building>,
    build_began: Instant,
    built_in: Option<Duration>,
    /// What was started last.
    started: Option<Binary>,
    children: BTreeMap<ChildId, Child>,
    companions: Companions,
    timers: Vec<(Instant, Timer)>,
    /// Commands of the app that are run once.
    jobs: Jobs,
    /// How many of them are not through yet.
    unfinished: usize,
    quit: Option<u8>,
    /// What pages and terminal were told last.
    told: Status,
    /// Whether a browser was opened.
    opened: bool,
}

impl<'a> Session<'a> {
    fn new(
        project: &'a Project,
        options: &'a Options,
        beside: Vec<Arc<str>>,
        events: Sender<Event>,
    ) -> anyhow::Result<Self> {
        let Listening { listener, url, host } =
            listen::bind(project, options.dev.runserver.addrport.as_ref(), options.base.settings.as_deref())?;
        let channel = Channel::start(Editor::read(project)?, tell(&events, Event::Asked))?;
        let colour = match (options.base.no_color, options.base.force_color) {
            (true, _) => Colour::Never,
            (false, true) => Colour::Always,
            (false, false) => Colour::Auto,
        };
        let screen = Screen::start(Outputs::standard()?, colour, &project.variables)?;
        let mode = if options.dev.poll { watch::Mode::Poll } else { watch::Mode::Events };
        let handle = screen.handle();
        let watcher =
            watch::start(project, mode, complete(project, &screen), tell(&events, Event::Changed), move |line| {
                handle.say(line)
            })?;
        let keys = Keys::start(screen.handle(), tell(&events, |event| event))?;
        let news = events.clone();
        let told = move |ticket, life| drop(news.send(Event::Companion(ticket, life)));
        let calls = beside.into_iter().map(|name| (name.clone(), options.run(project, Role::Server, &[&name])));
        let companions = Companions::new(calls, screen.sink(), told);
        Ok(Self {
            project,
            options,
            machine: Machine::new(),
            listener: Some(listener),
            url,
            host,
            channel,
            holding: None,
            screen,
            _keys: keys,
            _watcher: watcher,
            building: None,
            build_began: Instant::now(),
            built_in: None,
            started: None,
            children: BTreeMap::new(),
            companions,
            timers: Vec::new(),
            jobs: Jobs::default(),
            unfinished: 0,
            quit: None,
            told: Status::default(),
            opened: false,
            events,
        })
    }

    /// The loop.
    fn follow(&mut self, inbox: &Receiver<Event>) -> anyhow::Result<u8> {
        loop {
            self.show()?;
            if let Some(code) = self.quit.filter(|_| self.is_over()) {
                return Ok(code);
            }
            let mut event = self.next(inbox)?;
            if let Event::Built(Built::Done { binary, fresh, .. }) = &mut event {
                // Cargo has nothing to do either where it was another cargo that built, or a build of ours that was
                // all but done when it was cancelled. Neither has been served yet.
                *fresh &= Binary::at(binary) == self.started;
            }
            self.note(&event);
            let actions = self.machine.step(event);
            self.carry_out(actions)?;
        }
    }

    /// The next event; a timer that is due is one.
    fn next(&mut self, inbox: &Receiver<Event>) -> anyhow::Result<Event> {
        loop {
            // What has happened comes before what is due: after a stop of xtask itself, both wait.
            if let Ok(event) = inbox.try_recv() {
                return Ok(event);
            }
            let now = Instant::now();
            if let Some(index) = self.timers.iter().position(|(due, _)| *due <= now) {
                return Ok(Event::Due(self.timers.swap_remove(index).1));
            }
            self.companions.tick(now);
            let due = self.timers.iter().map(|(due, _)| *due).chain(self.companions.due()).min();
            match inbox.recv_timeout(due.map_or(IDLE, |due| due.saturating_duration_since(now))) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("failed to wait: nobody sends events any more"),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.children.is_empty() && self.building.is_none() && self.unfinished == 0 && self.companions.are_gone()
    }

    /// Tells pages and the terminal how things stand, and answers on the socket while no process of the app does.
    fn show(&mut self) -> anyhow::Result<()> {
        let served = self.machine.is_served();
        let status = self.machine.status();
        let before = std::mem::replace(&mut self.told, status.clone());
        self.channel.publish(&status);
        if before.failure != status.failure {
            self.channel.tell(if status.failure.is_some() { &Message::Error } else { &Message::Clear });
        }
        if before.pending != status.pending {
            self.channel.tell(&Message::Migrations);
        }
        let stopping = self.quit.is_some();
        match &self.listener {
            Some(listener) if !served && self.holding.is_none() => {
                self.holding = Some(Holding::start(listener, &self.host, &self.channel)?);
            }
            Some(_) if !served => {}
            _ => self.holding = None,
        }
        let url = self.url.clone();
        if served && self.options.dev.open && !std::mem::replace(&mut self.opened, true) {
            self.act(Action::Open)?;
        }
        self.screen.show(&View { status, url, served, built_in: self.built_in, stopping });
        Ok(())
    }

    /// What an event means to those who carry things out, apart from the decisions.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Built(built) => self.built(built),
            Event::Child(id, Life::Ended { .. }) => drop(self.children.remove(id)),
            Event::Companion(ticket, life) => self.companions.heard(*ticket, life, Instant::now()),
            Event::Prepared(_) => self.unfinished -= 1,
            Event::Asked(Request::Migrate) if !self.machine.has_binary() => {
                self.channel.migrated(Err("nothing is built yet".to_owned()));
            }
            Event::Pending(result) => {
                self.unfinished -= 1;
                if let Err(words) = result {
                    self.screen.say(words.trim_end());
                }
            }
            Event::Migrated(result) => {
                self.unfinished -= 1;
                self.channel.migrated(result.clone());
            }
            _ => {}
        }
    }

    fn built(&mut self, built: &Built) {
        self.building = None;
        self.screen.take_back();
        if let Built::Done { warnings, fresh, .. } = built {
            self.screen.warnings(warnings);
            self.built_in = (!fresh).then(|| self.build_began.elapsed()).or(self.built_in);
        }
    }

    fn carry_out(&mut self, actions: Vec<Action>) -> anyhow::Result<()> {
        actions.into_iter().try_for_each(|action| self.act(action))
    }

    fn act(&mut self, action: Action) -> anyhow::Result<()> {
        match action {
            Action::Build(changed) => {
                // The first one takes long, and cargo shows how far it is.
                let progress = if self.machine.has_binary() { Progress::Captured } else { Progress::Terminal };
                if progress == Progress::Terminal {
                    self.show()?;
                    self.screen.lend();
                }
                self.build_began = Instant::now();
                let tell = tell(&self.events, Event::Built);
                self.building = Some(builder::start(self.project, changed.as_ref(), progress, tell)?);
            }
            Action::CancelBuild => {
                if let Some(building) = &self.building {
                    building.cancel();
                }
            }
            Action::Prepare(binary) => {
                let steps = self.options.prepare(self.project).into_iter().map(|step| with(step, &binary)).collect();
                self.unfinished += 1;
                self.jobs.run(steps, self.screen.sink(), tell(&self.events, Event::Prepared))?;
            }
            Action::Start(id, binary) => self.start(id, &binary),
            Action::Stop(id) => {
                if let Some(child) = self.children.get(&id) {
                    child.terminate();
                }
            }
            Action::Kill(id) => {
                if let Some(child) = self.children.get(&id) {
                    child.kill();
                }
            }
            Action::Companions(binary) => self.companions.serve(&binary, Instant::now()),
            Action::StopCompanions => self.companions.stop(Instant::now()),
            Action::LookAtMigrations(binary) => {
                let step = with(self.options.ask(self.project, Role::App, &["showmigrations", "--plan"]), &binary);
                self.unfinished += 1;
                self.jobs.pending(step, tell(&self.events, Event::Pending))?;
            }
            Action::Migrate(binary) => {
                let step = with(self.options.run(self.project, Role::App, &["migrate", "--noinput"]), &binary);
                self.unfinished += 1;
                self.jobs.run(vec![step], self.screen.sink(), tell(&self.events, Event::Migrated))?;
            }
            Action::Tell(message) => self.channel.tell(&message),
            Action::After(time, timer) => self.timers.push((Instant::now() + time, timer)),
            Action::Open => {
                let screen = self.screen.handle();
                browser::open(self.project, &self.url, move |text| screen.say(text));
            }
            Action::Clear => self.screen.clear(),
            Action::Redraw => self.screen.redraw(),
            Action::Quit(code) => {
                self.quit = Some(code);
                self.jobs.stop();
                (self.holding, self.listener) = (None, None);
            }
            Action::Abort(code) => {
                self.children.values().for_each(Child::kill);
                self.companions.kill();
                self.jobs.kill();
                // What else was started ends with us.
                self.children.clear();
                (self.building, self.unfinished, self.quit) = (None, 0, Some(code));
            }
        }
        Ok(())
    }

    /// Starts a server. That it cannot be started is a death like any other.
    fn start(&mut self, id: ChildId, binary: &Path) {
        let Some(listener) = &self.listener else { return };
        let mut step = with(self.options.serve(self.project), binary);
        step.env = step
            .env
            .with("APP_DEV_PORT", self.channel.port().to_string())
            .with("APP_DEV_TOKEN", self.channel.token(self.machine.next_generation()))
            .with("APP_DEV_SCRIPT", if self.options.dev.no_browser { "off" } else { "on" });
        self.started = Binary::at(binary);
        let events = self.events.clone();
        let launch = Launch { step, part: Part::Server(listener), sink: self.screen.sink() };
        let tell = move |life| drop(events.send(Event::Child(id, life)));
        match child::start(launch, tell) {
            Ok(child) => drop(self.children.insert(id, child)),
            // Cargo has cleaned up, say.
            Err(_) if !binary.exists() => drop(self.events.send(Event::Missing(id))),
            Err(error) => {
                let last_words = format!("error: {error:#}");
                let life = Life::Ended { ended: Ended::Exited(127), lived: Duration::ZERO, last_words };
                drop(self.events.send(Event::Child(id, life)));
            }
        }
    }
}

/// Brings the lists of commands in line with the files, so that they are built together. What cannot be done, the build
/// says.
fn complete(project: &Project, screen: &Screen) -> impl Fn() -> Prepared + Send + 'static {
    let (project, screen) = (project.clone(), screen.handle());
    move || {
        let outcome = commands::bring_in_line(&project, &mut |line| screen.say(line));
        outcome.map_or(Prepared::Unchanged, |outcome| outcome.prepared)
    }
}

/// A sender of one kind of event. When nobody receives any more, the session is over.
fn tell<T>(events: &Sender<Event>, event: impl Fn(T) -> Event + Send + 'static) -> impl Fn(T) + Send + 'static {
    let events = events.clone();
    move |value| drop(events.send(event(value)))
}

/// The same step with this binary.
fn with(step: Step, binary: &Path) -> Step {
    Step { program: binary.as_os_str().to_owned(), ..step }
}
