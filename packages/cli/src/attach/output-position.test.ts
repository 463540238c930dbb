import { describe, expect, it } from 'vitest';
import { OutputPosition } from './output-position.ts';

describe('OutputPosition', () => {
  it('can go on from nowhere before something has come', () => {
    const position = new OutputPosition(false);
    position.opened({ resumed: false, sizeGeneration: 3 });
    expect(position.resume).toBeUndefined();
    expect(position.output(0, 10)).toBeUndefined();
  });

  it('counts from a state on', () => {
    const position = new OutputPosition(false);
    position.opened({ resumed: false, sizeGeneration: 3 });
    position.snapshot(100);
    expect(position.output(100, 10)).toBe(0);
    expect(position.resume).toEqual({ offset: 110, sizeGeneration: 3 });
    expect(position.snapshots).toBe(1);
  });

  it('tells what has come before, and what is missing', () => {
    const position = new OutputPosition(false);
    position.opened({ resumed: false, sizeGeneration: 0 });
    position.snapshot(100);
    expect(position.output(90, 5)).toBe(5);
    expect(position.output(90, 15)).toBe(10);
    expect(position.resume?.offset).toBe(105);
    expect(position.output(106, 1)).toBeUndefined();
    expect(position.resume?.offset).toBe(105);
  });

  it('takes a new size for its own only with the state that shows it', () => {
    const position = new OutputPosition(false);
    position.opened({ resumed: false, sizeGeneration: 1 });
    position.snapshot(0);
    position.resized(2);
    expect(position.resume?.sizeGeneration).toBe(1);
    position.snapshot(10);
    expect(position.resume).toEqual({ offset: 10, sizeGeneration: 2 });
  });

  it('goes on through a new size when no state follows', () => {
    const position = new OutputPosition(true);
    position.opened({ resumed: false, sizeGeneration: 1 });
    position.snapshot(0);
    position.resized(2);
    expect(position.resume?.sizeGeneration).toBe(2);
  });

  it('says of which PTY the output was, and has none of another one', () => {
    const position = new OutputPosition(false);
    expect(position.opened({ resumed: false, sizeGeneration: 1, pty: 'a' })).toBe(false);
    position.snapshot(50);
    expect(position.resume).toEqual({ offset: 50, sizeGeneration: 1, pty: 'a' });
    expect(position.opened({ resumed: false, sizeGeneration: 0, pty: 'b' })).toBe(true);
    // A connection that is lost before the state has come.
    expect(position.resume).toBeUndefined();
    position.snapshot(10);
    expect(position.resume).toEqual({ offset: 10, sizeGeneration: 0, pty: 'b' });
    expect(position.opened({ resumed: true, sizeGeneration: 0, pty: 'b' })).toBe(false);
  });

  it('takes one that is not told for the same', () => {
    const position = new OutputPosition(false);
    position.opened({ resumed: false, sizeGeneration: 0 });
    position.snapshot(1);
    expect(position.resume).toEqual({ offset: 1, sizeGeneration: 0 });
    expect(position.opened({ resumed: true, sizeGeneration: 0, pty: 'a' })).toBe(false);
    expect(position.opened({ resumed: true, sizeGeneration: 0, pty: '' })).toBe(false);
    expect(position.resume).toEqual({ offset: 1, sizeGeneration: 0, pty: 'a' });
  });

  it('goes back to what was shown', () => {
    const position = new OutputPosition(false);
    position.opened({ resumed: false, sizeGeneration: 1 });
    position.snapshot(50);
    position.rewind(20);
    expect(position.resume).toEqual({ offset: 20, sizeGeneration: 1 });
    position.rewind(40);
    expect(position.resume?.offset).toBe(20);
  });

  it('keeps its place, and counts states anew, when it goes on after a lost connection', () => {
    const position = new OutputPosition(false);
    position.opened({ resumed: false, sizeGeneration: 1 });
    position.snapshot(50);
    position.opened({ resumed: true, sizeGeneration: 1 });
    expect(position.snapshots).toBe(0);
    expect(position.output(50, 5)).toBe(0);
    expect(position.resume).toEqual({ offset: 55, sizeGeneration: 1 });
    position.opened({ resumed: false, sizeGeneration: 4 });
    expect(position.resume).toEqual({ offset: 55, sizeGeneration: 1 });
    position.snapshot(80);
    expect(position.resume).toEqual({ offset: 80, sizeGeneration: 4 });
  });
});
