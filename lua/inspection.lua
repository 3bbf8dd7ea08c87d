-- The judgement of what a check looks at.

local subjects = require("subjects")

local inspection = {}

local UNREADABLE = "unreadable"

local function add(findings, subject, name, text, mendable)
  local jid = subject.jid or ""
  local finding = { name, subject.name, subject.member, jid, text, mendable and 1 or 0 }
  findings[#findings + 1] = finding
end

-- Most invariants are about few jobs, and a slice is to cost little for the others.
local function concerns(invariant, record)
  if invariant.state and invariant.state ~= record.state then
    return false
  end
  return not invariant.flags or bit.band(invariant.flags, record.flags) ~= 0
end

local function examine(step, subject, findings)
  local list, record = subject.invariants, subject.record
  for position = 1, #list do
    local invariant = list[position]
    if concerns(invariant, record) then
      local text, left = invariant.find(step, subject)
      if text then
        add(findings, subject, invariant.name, text, invariant.mend and not left)
      end
    end
  end
end

-- Adds what is wrong with a subject to the findings. What cannot be read is a finding, a job's
-- record only where it stands.
function inspection.judge(step, subject, findings)
  if not subjects.read(step, subject) then
    if subject.kind == "job" then
      add(findings, subject, UNREADABLE, "the record cannot be read", false)
    end
    return
  end
  local fine, problem = pcall(examine, step, subject, findings)
  if not fine then
    local text = type(problem) == "table" and problem.err or tostring(problem)
    add(findings, subject, UNREADABLE, text, false)
  end
end

-- The invariant of this name, if the subject breaks it; true when that cannot be mended.
function inspection.broken(step, subject, name)
  if not subjects.read(step, subject) then
    return nil, true
  elseif name == UNREADABLE then
    return nil, not pcall(examine, step, subject, {})
  end
  for position = 1, #subject.invariants do
    local invariant = subject.invariants[position]
    if invariant.name == name and concerns(invariant, subject.record) then
      local text, left = invariant.find(step, subject)
      if text then
        return invariant, left or not invariant.mend
      end
    end
  end
  return nil, false
end

return inspection
