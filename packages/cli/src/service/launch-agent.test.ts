import { resolvePaths } from '@triterm/core/config/paths';
import { describe, expect, it } from 'vitest';
import { renderLaunchAgent } from './launch-agent.ts';
import { stampedPlist } from './unit-stamp.ts';

type Value = string | number | boolean | Value[] | { [key: string]: Value };

/** Reads what XML of a property list these use (plist(5)); throws where it is not well formed. */
function readPlist(xml: string): Value {
  const [head, body = '', ...more] = xml.split(/<plist version="1\.0">\n|<\/plist>/);
  expect(head).toMatch(
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<!DOCTYPE plist PUBLIC "[^"]+" "[^"]+">\n$/,
  );
  expect(more.join('')).toMatch(/^\n(?:<!-- (?:(?!--).)* -->\n)?$/);
  const tokens = body.match(/<[^<>]+>|[^<>]+/g)?.filter(token => token.trim() !== '') ?? [];
  const next = () => tokens.shift() ?? expect.fail('it ends too early');
  const text = (name: string) => {
    const content = tokens[0] === `</${name}>` ? '' : next();
    expect(next()).toBe(`</${name}>`);
    expect(content.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toMatch(/[&<>]/);
    return content.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  };
  const value = (token = next()): Value => {
    if (token === '<true/>' || token === '<false/>') return token === '<true/>';
    if (token === '<string>') return text('string');
    if (token === '<integer>') return Number(text('integer'));
    if (token === '<array>') {
      const list: Value[] = [];
      for (let at = next(); at !== '</array>'; at = next()) list.push(value(at));
      return list;
    }
    expect(token).toBe('<dict>');
    const entries: [string, Value][] = [];
    for (let at = next(); at !== '</dict>'; at = next()) {
      expect(at).toBe('<key>');
      entries.push([text('key'), value()]);
    }
    return Object.fromEntries(entries);
  };
  const root = value();
  expect(tokens).toEqual([]);
  return root;
}

describe('the launch agent', () => {
  const paths = resolvePaths({}, '/Users/a & b <c>');
  const daemon = ['/opt/node', '/opt/triterm & co/tritermd.cjs'];

  it('is a property list that starts the daemon at login, and again when it fails', () => {
    expect(readPlist(stampedPlist(renderLaunchAgent({ daemon, paths })))).toEqual({
      Label: 'triterm.tritermd',
      ProgramArguments: daemon,
      EnvironmentVariables: {
        TRITERM_STATE_DIR: '/Users/a & b <c>/.local/state/triterm',
        TRITERM_RUNTIME_DIR: '/Users/a & b <c>/.local/state/triterm/run',
        TRITERM_CONFIG: '/Users/a & b <c>/.config/triterm/config.json',
      },
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      AbandonProcessGroup: true,
      ProcessType: 'Interactive',
      WorkingDirectory: '/',
      Umask: 0o077,
      StandardErrorPath: '/Users/a & b <c>/.local/state/triterm/tritermd.log',
    });
  });

  it('refuses what XML cannot express', () => {
    expect(() => renderLaunchAgent({ daemon: ['/opt/\u0007'], paths })).toThrow(
      expect.objectContaining({ code: 'SERVICE_FAILED' }),
    );
  });
});
