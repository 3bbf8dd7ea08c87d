-- put: accepts a job, new or again under the same jid.
--
-- Args: queue, jid, klass (empty: a plain data item), payload, options (rules/options.lua).
-- Returns: created, replaced or kept.
-- Errors: INVALID, EXISTS (if_exists=error), NOJOB (missing=refuse), CYCLE.
-- Events: put, or failed or cancelled when a parent has already failed and the job acts upon it.
-- Cost: O(log n), and O(log n) for each dependency and tag.
--
-- A repeated call is known by its nonce, or, with if_exists=repeated, by the jid itself: one that
-- was made for this call and cannot belong to another.

local arguments = require("rules.arguments")
local depends = require("doors.depends")
local edges = require("store.edges")
local events = require("store.events")
local failures = require("store.failures")
local history = require("store.history")
local job = require("rules.job")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local orphan = require("doors.orphan")
local payloads = require("rules.payloads")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local sequence = require("store.sequence")
local settings = require("store.settings")
local states = require("rules.states")
local steps = require("store.step")
local tags = require("store.tags")
local withdraw = require("doors.withdraw")

local flags = states.flags
local number = states.number

local put = {}

function put.parse(step, args)
  arguments.count(args, 5)
  local request = {
    queue = arguments.name(args[1], "queue"),
    jid = arguments.name(args[2], "jid"),
    klass = args[3],
    payload = args[4],
    options = job.options(args[5]),
    -- What the check finds out. Named here, since a table that grows costs twice.
    record = nil,
    open = nil,
    policy = nil,
    parent = nil,
  }
  if #request.klass > limits.NAME then
    refuse("INVALID", "klass: has more than " .. limits.NAME .. " bytes")
  end
  queues.want(step, request.queue)
  klasses.want(step, request.klass)
  settings.want(step, "max-payload")
  records.want(step, request.jid)
  if request.options.depends then
    depends.want(step, request.options.depends)
  end
  return request
end

-- Whether this very call has been carried out before; the word of its answer, or nil.
local function repeated(record, options)
  if options.if_exists == "repeated" then
    return "created"
  end
  local nonce = records.options(record).nonce
  if options.nonce and nonce and string.sub(nonce, 2) == options.nonce then
    return string.sub(nonce, 1, 1) == "r" and "replaced" or "created"
  end
  return nil
end

function put.check(step, request)
  local options, jid = request.options, request.jid
  payloads.check(request.payload, settings.number(step, "max-payload"))
  local record = records.get(step, jid)
  if record and (options.if_exists == "repeated" or options.nonce) then
    local answer = repeated(record, options)
    if answer then
      return { answer = answer }
    end
  end
  if record and records.has(record, flags.TRACE) then
    record = nil
  end
  if record and options.if_exists == "keep" then
    return { answer = "kept" }
  elseif record and options.if_exists == "error" then
    refuse("EXISTS", "job " .. jid .. " exists, " .. states.name[record.state])
  end
  if options.if_exists ~= "repeated" and redis.call("EXISTS", keys.template(step, jid)) == 1 then
    refuse("EXISTS", "jid: " .. jid .. " is a recurring job")
  end
  steps.touch(step, jid, "put")
  request.record = record
  if options.depends then
    request.open, request.policy, request.parent =
      depends.check(step, jid, record, options.depends, options)
  end
  sequence.need(step, record and 1 or 2)
  return request
end

-- What of the options stays with the job.
local function kept(options, replaced)
  local rest = {
    tags = options.tags,
    lease = options.lease,
    parent_failure = options.parent_failure,
    nonce = options.nonce and (replaced and "r" or "c") .. options.nonce,
  }
  if options.depends or options.hold then
    rest.delay = options.delay
    rest.at = options.at
  end
  return rest
end

-- A record of what was put. An old one keeps its history, attempts, dependents and tracking.
local function write(step, request, old)
  local options = request.options
  local record = old or records.new(request.jid, sequence.draw(step))
  record.klass = klasses.number(step, request.klass)
  record.priority = options.priority or 0
  record.retries = options.retries or 5
  record.left = record.retries
  record.errors = 0
  record.lost = 0
  if next(options) or old then
    records.set_options(record, kept(options, old))
  end
  records.set_payload(step, record, request.payload)
  if options.tags then
    tags.add(step, record, options.tags)
  end
  return record
end

function put.apply(step, request)
  if request.answer then
    return request.answer
  end
  local options, old = request.options, request.record
  local queue = queues.ensure(step, request.queue)
  local was_running = old and old.state == number.running
  if old then
    local home = queues.numbered(step, old.queue)
    history.spell(old, home)
    withdraw(step, old, home, "put", queue.name)
    tags.clear(step, old)
    edges.clear(step, old)
    failures.forget(step, old)
  end
  local record = write(step, request, old)
  record.queue = queue.number
  local moment = job.due(step, options)
  local parked = options.hold or (request.open and #request.open > 0)
  local fresh = not old and not parked and not moment and not request.policy
  if not fresh and not was_running then
    history.append(step, record, queue, "put", queue.name)
  end
  if request.policy then
    orphan.act(step, record, queue, request.policy, request.parent)
  elseif parked then
    edges.open(step, record, request.open or {}, options.parent_failure or "wait")
    if options.hold then
      records.raise(record, flags.HELD)
    end
    edges.park(step, record, queue)
    events.report(step, "put", record, queue.name, "", "depends")
  else
    local state = place(step, record, queue, moment)
    if fresh then
      records.raise(record, flags.FRESH)
    end
    events.report(step, "put", record, queue.name, "", state)
  end
  return old and "replaced" or "created"
end

return put
