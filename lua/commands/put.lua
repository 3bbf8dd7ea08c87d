-- put: accepts a job, new or again under the same jid.
--
-- Args: queue, jid, klass (empty: a plain data item), payload, options (rules/options.lua).
-- Returns: created, replaced or kept; or merged, a space, and the jid of the job that holds the
-- unique key: then this put makes none.
-- Errors: INVALID, EXISTS (if_exists=error; if_duplicate=refuse, or a job of the key that has
-- started and could not be changed), NOJOB (missing=refuse), CYCLE, FULL (the queue holds as much
-- as it may; the next word is the cap), STATE (the flow is cancelled, or sealed and all of its
-- members have ended).
-- Events: put, or failed or cancelled when a parent has already failed and the job acts upon it;
-- merged.
-- Cost: O(log n), and O(log n) for each dependency and tag.
--
-- A repeated call is known by its nonce, or, with if_exists=repeated, by the jid itself: one that
-- was made for this call and cannot belong to another. A put with a unique key may leave nothing of
-- its own: such a call is to be marked.

local accept = require("doors.accept")
local arguments = require("rules.arguments")
local deadline_rules = require("rules.deadlines")
local depends = require("doors.depends")
local duplicate = require("doors.duplicate")
local examine = require("doors.examine")
local job = require("rules.job")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local payloads = require("rules.payloads")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local settings = require("store.settings")
local uniqueness = require("rules.uniqueness")

local put = { many = true, width = 5 }

local QUEUE, JID, KLASS, PAYLOAD, OPTIONS = 1, 2, 3, 4, 5

-- The options that were found to go together last: jobs are often put with the same ones in a row.
local fine

-- Refuses options that contradict each other.
local function check(step, options)
  uniqueness.check(options)
  if options.finish_within or options.if_late then
    deadline_rules.check(options, job.due(step, options), step.now)
  else
    fine = options
  end
end

function put.parse(step, group)
  local args, from = group.args, group.from
  group.options = group.options or {}
  for position = group.at + 1, group.count do
    group.at = position
    local at = from[position]
    local options = job.options(args[at + OPTIONS])
    group.options[position] = options
    if options ~= fine then
      check(step, options)
    end
    queues.want(step, arguments.name(args[at + QUEUE], "queue"))
    records.want(step, arguments.name(args[at + JID], "jid"))
    if #args[at + KLASS] > limits.NAME then
      refuse("INVALID", "klass: has more than " .. limits.NAME .. " bytes")
    end
    klasses.want(step, args[at + KLASS])
    if options.depends then
      depends.want(step, options.depends)
    end
  end
end

function put.check(step, group)
  local args, from = group.args, group.from
  group.records = group.records or {}
  group.ties = group.ties or {}
  for position = group.at + 1, group.count do
    if not group.answers[position] then
      group.at = position
      local at = from[position]
      payloads.check(args[at + PAYLOAD], settings.value(step, "max-payload"))
      local answer, record, tie, plan = examine(
        step,
        args[at + QUEUE],
        args[at + JID],
        #args[at + PAYLOAD],
        group.options[position]
      )
      group.answers[position], group.records[position] = answer, record
      group.ties[position] = tie
      if plan then
        group.plans = group.plans or {}
        group.plans[position] = plan
      end
    end
  end
end

function put.apply(step, group)
  local args, from, answers = group.args, group.from, group.answers
  for position = 1, group.count do
    if not answers[position] then
      local at, plan = from[position], group.plans and group.plans[position]
      local klass, payload = args[at + KLASS], args[at + PAYLOAD]
      local options = group.options[position]
      if plan and plan.what ~= "create" then
        answers[position] = duplicate.merge(step, plan, args[at + QUEUE], klass, payload, options)
      else
        answers[position] = accept(
          step,
          queues.ensure(step, args[at + QUEUE]),
          group.records[position],
          args[at + JID],
          klass,
          payload,
          options,
          group.ties[position],
          plan
        )
      end
    end
  end
end

return put
