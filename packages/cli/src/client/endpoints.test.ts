import { describe, expect, it } from 'vitest';
import { Endpoints } from './endpoints.ts';

describe('the servers of a fleet', () => {
  it('are tried in turn, our own first', () => {
    const endpoints = new Endpoints('wss://a/');
    expect(endpoints.inTurn).toEqual(['wss://a/']);
    endpoints.learn(['supervised', 'endpoint:wss://b', 'endpoint:wss://c:1/', 'endpoint:wss://a']);
    expect(endpoints.inTurn).toEqual(['wss://a/', 'wss://b/', 'wss://c:1/']);
  });

  it('are remembered when another one is told', () => {
    const endpoints = new Endpoints('wss://a/');
    endpoints.learn(['endpoint:wss://b']);
    endpoints.learn(['endpoint:wss://c']);
    expect(endpoints.inTurn).toEqual(['wss://a/', 'wss://c/', 'wss://b/']);
  });

  it('are no more than can be tried', () => {
    const endpoints = new Endpoints('wss://a/');
    endpoints.learn(Array.from({ length: 60 }, (_, index) => `endpoint:wss://s${index}`));
    expect(endpoints.inTurn).toHaveLength(17);
  });

  it.each([
    'ws://b',
    'http://b',
    'wss://u:p@b',
    'wss://b?x',
    'nonsense',
    'ws://127.0.0.1:3000',
    'wss://localhost:1',
  ])('of another machine are never %s', url => {
    const endpoints = new Endpoints('wss://a/');
    endpoints.learn([`endpoint:${url}`]);
    expect(endpoints.prefer([url])).toBe(false);
    expect(endpoints.inTurn).toEqual(['wss://a/']);
  });

  it('are not on this machine either when ours is behind a tunnel', () => {
    const endpoints = new Endpoints('ws://127.0.0.1:3000/');
    endpoints.learn(['endpoint:ws://127.0.0.1:3001', 'endpoint:ws://[::1]:3001', 'endpoint:wss://b']);
    expect(endpoints.prefer(['ws://localhost:3001'])).toBe(false);
    expect(endpoints.inTurn).toEqual(['ws://127.0.0.1:3000/', 'wss://b/']);
  });

  it('are tried first where ours wants us, until we are settled', () => {
    const endpoints = new Endpoints('wss://a/');
    endpoints.learn(['endpoint:wss://b', 'endpoint:wss://c']);
    expect(endpoints.prefer(['wss://c', 'wss://a'])).toBe(true);
    expect(endpoints.inTurn).toEqual(['wss://c/', 'wss://a/', 'wss://b/']);
    endpoints.settled();
    expect(endpoints.inTurn).toEqual(['wss://a/', 'wss://b/', 'wss://c/']);
  });
});
