-- What a job is going to wait for: decides about a list of dependencies before anything is written.

local branches = require("rules.branches")
local edges = require("store.edges")
local keys = require("store.keys")
local limits = require("rules.limits")
local orphan = require("doors.orphan")
local pass_on = require("doors.order")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")

local depends = {}

-- Announces the parents' records.
function depends.want(step, parents)
  for position = 1, #parents do
    records.want(step, parents[position])
  end
end

-- Those that wait for a job, up to `limit`, and those that will by an earlier member of the step.
local function dependents_of(step, jid, limit)
  local found = {}
  local list = redis.call("ZRANGE", keys.dependents(step, jid), 0, limit)
  for position = 1, #list do
    if edges.stands(step, list[position], jid) then
      found[#found + 1] = list[position]
    end
  end
  for _, dependent in ipairs(step.awaited[jid] or {}) do
    found[#found + 1] = dependent
  end
  return found
end

-- Walks from a job to those that wait for it, at most limits.WALK jobs far; refuses when it meets
-- one of the parents.
local function refuse_cycle(step, jid, parents)
  local forbidden = {}
  for position = 1, #parents do
    forbidden[parents[position]] = true
  end
  local seen, queue, head = { [jid] = true }, { jid }, 1
  while head <= #queue do
    local list = dependents_of(step, queue[head], limits.WALK - #queue)
    for position = 1, #list do
      local dependent = list[position]
      if not seen[dependent] then
        if forbidden[dependent] then
          refuse("CYCLE", "depends: " .. dependent .. " already waits for " .. jid)
        end
        seen[dependent] = true
        queue[#queue + 1] = dependent
        if #queue > limits.WALK then
          refuse("CYCLE", "depends: too many jobs wait for " .. jid .. " to rule a cycle out")
        end
      end
    end
    head = head + 1
  end
end

-- What a parent is to a job that is to wait for it: open, failed, done or unknown. What an earlier
-- member of the step is going to do to it counts as done.
local function standing(step, jid)
  local plan = step.touched[jid]
  if plan == "put" then
    return "open"
  end
  local record = records.get(step, jid)
  local state = record and states.name[record.state]
  if plan and plan ~= "changed" then
    state = plan
  end
  if state == "complete" then
    return "done"
  elseif
    not state
    or state == "cancelled"
    or (record and records.has(record, states.flags.TRACE))
  then
    return "unknown"
  end
  return state == "failed" and "failed" or "open"
end

-- What a job is tied to: the parents whose edges are open, what it does when one of them ends, and,
-- when one already has and the job acts upon it, what it does at once and that parent's jid.
local function find(step, jid, options, policy)
  local tie = { open = {}, policy = policy, acts = nil, parent = nil }
  local parents = options.depends or {}
  for position = 1, #parents do
    local parent_jid = parents[position]
    if parent_jid == jid then
      refuse("CYCLE", "depends: " .. jid .. " would wait for itself")
    end
    local found = standing(step, parent_jid)
    if found == "unknown" and options.missing == "refuse" then
      refuse("NOJOB", "depends: no job " .. parent_jid)
    end
    local ended = found == "failed" and "failed" or "complete"
    local verdict = found == "open" and "wait" or branches.verdict(ended, policy)
    if verdict == "wait" then
      tie.open[#tie.open + 1] = parent_jid
    elseif verdict ~= "met" then
      return { open = {}, policy = policy, acts = verdict, parent = parent_jid }
    end
  end
  return tie
end

-- What a job of these options does when a parent ends. kept: options that it had before, which
-- count when these say nothing; may be nil.
local function policy_of(options, kept)
  if options.parent_failure and (options.run_when or "complete") ~= "complete" then
    refuse("INVALID", "parent_failure: does not go with run_when=" .. options.run_when)
  end
  local from = (options.run_when or options.parent_failure) and options or kept or options
  return branches.policy(from.run_when, from.parent_failure)
end

-- jid: the job. record: what is stored under it, or nil. kept: as for policy_of. Returns its tie,
-- or nil when there is nothing to wait for and no hold.
function depends.check(step, jid, record, options, kept)
  local tie = find(step, jid, options, policy_of(options, kept))
  if tie.acts then
    step.touched[jid] = orphan.fate(record, tie.acts)
    return tie
  end
  local open = tie.open
  local awaited = record and records.has(record, states.flags.DEPENDENTS) or step.awaited[jid]
  if #open > 0 and awaited then
    refuse_cycle(step, jid, open)
  end
  for position = 1, #open do
    local parent_jid = open[position]
    step.awaited[parent_jid] = step.awaited[parent_jid] or {}
    table.insert(step.awaited[parent_jid], jid)
  end
  return (#open > 0 or options.hold) and tie or nil
end

-- The word of the state to which a tie brings a job.
function depends.fate(record, tie)
  return tie.acts and orphan.fate(record, tie.acts) or "depends"
end

-- Ties a job that is in no state set any more.
function depends.bind(step, record, queue, tie, hold)
  if tie.acts then
    orphan.act(step, record, queue, tie.acts, tie.parent)
    return
  end
  edges.open(step, record, tie.open, tie.policy)
  if hold then
    records.raise(record, states.flags.HELD)
  end
  pass_on(step, record)
  edges.park(step, record, queue)
end

return depends
