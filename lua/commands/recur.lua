-- recur: a template of which a child, an ordinary job, is put every interval or by a calendar.
--
-- Args: queue, jid (of the template), klass (empty: plain data items), payload, interval
-- (milliseconds, 1 or more; 0: by the calendar), offset (milliseconds until the first child may
-- be), options (OPTIONS in rules/recurrence.lua).
-- Returns: created or replaced. A template that is replaced keeps its count and its pause, and with
-- the same calendar and no offset its place in time. With a calendar no slot is known yet: refills
-- and refill follow.
-- Errors: INVALID, EXISTS (a job has this jid).
-- Events: recur, and put for each child, later.
-- Cost: O(log n).
--
-- A repeated call is known by its nonce.

local arguments = require("rules.arguments")
local deadlines = require("rules.deadlines")
local events = require("store.events")
local job = require("rules.job")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local payloads = require("rules.payloads")
local queues = require("store.queues")
local records = require("store.records")
local recurrence = require("rules.recurrence")
local refuse = require("rules.refusal")
local settings = require("store.settings")
local states = require("rules.states")
local steps = require("store.step")
local templates = require("store.templates")

local recur = {}

function recur.parse(step, args)
  arguments.count(args, 7)
  local request = {
    queue = arguments.name(args[1], "queue"),
    jid = arguments.name(args[2], "jid"),
    klass = args[3],
    payload = args[4],
    options = job.options(args[7], recurrence.OPTIONS),
    offset = arguments.integer(args[6], "offset", 0, limits.CENTURY),
  }
  request.calendar = request.options.calendar
  local lowest = request.calendar and 0 or 1
  local highest = request.calendar and 0 or limits.CENTURY
  request.interval = arguments.integer(args[5], "interval", lowest, highest)
  recurrence.agree(request.options, request.calendar)
  if #request.klass > limits.NAME then
    refuse("INVALID", "klass: has more than " .. limits.NAME .. " bytes")
  end
  deadlines.check(request.options, nil, step.now)
  queues.want(step, request.queue)
  klasses.want(step, request.klass)
  records.want(step, request.jid)
  return request
end

function recur.check(step, request)
  local jid, nonce = request.jid, request.options.nonce
  payloads.check(request.payload, settings.value(step, "max-payload"))
  local record = records.live(step, jid)
  if record then
    refuse("EXISTS", "jid: " .. jid .. " is a job, " .. states.name[record.state])
  end
  local old = templates.read(step, jid)
  if old and nonce and string.sub(old.nonce, 2) == nonce then
    return { answer = string.sub(old.nonce, 1, 1) == "r" and "replaced" or "created" }
  end
  steps.touch(step, jid)
  return { request = request, old = old }
end

local function kept(options)
  local rest = {}
  for name, value in pairs(options) do
    rest[name] = not recurrence.BESIDE[name] and value or nil
  end
  return rest
end

-- Where a new template stands in time. With a calendar, its slots from `first` on are wanted.
local function begin(step, template, request, old)
  local first = step.now + request.offset
  local same = old and old.calendar == request.calendar and not old.over and request.offset == 0
  template.first, template.due = first, first
  if not request.calendar then
    if old and old.calendar then
      templates.drop_calendar(step, template)
    end
  elseif same then
    template.first, template.due = old.first, old.due
    template.moments, template.known = old.moments, old.known
  else
    template.moments, template.known, template.due = {}, first - 1, math.huge
  end
end

function recur.apply(step, plan)
  if plan.answer then
    return plan.answer
  end
  local request, old = plan.request, plan.old
  local options = request.options
  local queue = queues.ensure(step, request.queue)
  if old and old.queue ~= queue.number then
    templates.leave(step, old, queues.numbered(step, old.queue))
  end
  local nonce = options.nonce and (old and "r" or "c") .. options.nonce or ""
  local template = {
    jid = request.jid,
    flags = 0,
    klass = klasses.number(step, request.klass),
    interval = request.interval,
    calendar = request.calendar,
    last = old and old.last,
    over = old and old.over,
    count = old and old.count or 0,
    paused = old and old.paused,
    options = kept(options),
    nonce = nonce,
  }
  begin(step, template, request, old)
  templates.save(step, template, queue, request.payload)
  local answer = old and "replaced" or "created"
  events.report(step, "recur", template, queue.name, "", answer)
  return answer
end

return recur
